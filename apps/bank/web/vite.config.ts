import { defineConfig, type UserConfig } from 'vite'

/** No script or style in the page itself and nothing as `data:`, so that `default-src 'self'` holds. */
const config: UserConfig = defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
  logLevel: 'warn',
})

export default config
