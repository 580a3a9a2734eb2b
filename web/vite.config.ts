import { defineConfig } from 'vite'

// No plug-ins: esbuild turns TSX into calls of preact's jsx-runtime by itself.
// Nothing may be inlined: the content security policy allows neither inline
// scripts and styles nor data: URLs.
export default defineConfig({
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    target: ['es2021', 'firefox115', 'chrome109', 'safari16'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    sourcemap: false,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8099', '/uploads': 'http://127.0.0.1:8099' } },
})
