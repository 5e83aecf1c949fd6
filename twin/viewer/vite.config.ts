/**
 * Build the viewer into dist/, served by Django: index.html at `/`, the rest under
 * /static/viewer/. Font files keep fixed names because the map style names them too.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const FONT_FOLDER = new URL('./node_modules/@fontsource/be-vietnam-pro/', import.meta.url);
const FONT_FILES = ['latin', 'latin-ext', 'vietnamese'].flatMap((subset) =>
  ['400', '600'].map((weight) => `be-vietnam-pro-${subset}-${weight}-normal.woff2`),
);

/** Copies the woff2 files of Be Vietnam Pro to fonts/, and serves them while developing. */
function fonts(): Plugin {
  const read = (name: string) => readFileSync(fileURLToPath(new URL(`files/${name}`, FONT_FOLDER)));
  return {
    name: 'fonts',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const name = request.url?.split('/fonts/')[1];
        if (!name || !FONT_FILES.includes(name)) return next();
        response.setHeader('Content-Type', 'font/woff2');
        response.end(read(name));
      });
    },
    generateBundle() {
      for (const name of FONT_FILES) {
        this.emitFile({ type: 'asset', fileName: `fonts/${name}`, source: read(name) });
      }
      const license = readFileSync(fileURLToPath(new URL('LICENSE', FONT_FOLDER)));
      this.emitFile({ type: 'asset', fileName: 'fonts/LICENSE.txt', source: license });
    },
  };
}

const server = process.env.TWIN_SERVER ?? 'http://127.0.0.1:8000';

export default defineConfig({
  base: '/static/viewer/',
  plugins: [fonts()],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1300,
    modulePreload: { polyfill: false },
  },
  server: {
    // the host stays as the browser sent it: the server compares it with the Origin of writes
    proxy: Object.fromEntries(
      ['/api', '/tiles', '/style.json', '/admin'].map((path) => [
        path,
        { target: server, changeOrigin: false },
      ]),
    ),
  },
});
