// The portal's page starts here.
import { render } from 'preact'
import { App } from './app'
import { forgetOldUploads } from './api/tus'
import { preferredLanguage, useLanguage } from './i18n/i18n'
import { startRouter } from './router'
import { watchSessionEnd } from './session'
import { watchJobs } from './store/jobs'
import { watchModels } from './store/models'
import { guardUnload } from './store/uploads'
import './styles/tokens.css'
import './styles/base.css'
import './styles/parts.css'
import './styles/tables.css'
import './styles/shell.css'
import './styles/pages.css'
import './styles/viewer.css'

startRouter()
watchSessionEnd()
watchJobs()
watchModels()
guardUnload()
try {
  forgetOldUploads(localStorage, Date.now())
} catch {
  // no storage, nothing to forget
}

const root = document.getElementById('app')
if (root !== null) {
  useLanguage(preferredLanguage()).then(
    () => render(<App />, root),
    () => {
      root.textContent = 'Segward could not be loaded. Please reload the page.'
    },
  )
}
