// Pages are fetched when first opened; this shows the wait and the failure.
import type { ComponentType } from 'preact'
import { ApiError } from '../api/client'
import { useLoad } from './hooks'
import { Failure, Spinner } from './parts'

type Module<P> = { default: ComponentType<P> }

export function lazy<P extends object>(name: string, load: () => Promise<Module<P>>): ComponentType<P> {
  let ready: ComponentType<P> | null = null
  return function Lazy(props: P) {
    const got = useLoad(name, async () => {
      try {
        ready = (await load()).default
        return ready
      } catch {
        throw new ApiError(0, 'page_load', '')
      }
    })
    const Page = ready ?? got.data
    if (Page !== null) return <Page {...props} />
    return got.error === null ? <Spinner /> : <Failure error={got.error} retry={() => window.location.reload()} />
  }
}
