// Runs before the first paint, so that a dark reading room never sees a white flash.
try {
  var theme = localStorage.getItem('sg.theme')
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme
} catch (e) {
  // no storage: the system's own preference stands
}
