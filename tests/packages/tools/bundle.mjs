/**
 * Bundles a program with everything that it imports: `node bundle.mjs <bundler> <entry> <folder>`. Its first file is
 * `main.mjs` or `main.cjs`.
 */
const [bundler, entry, folder] = process.argv.slice(2);

/** A banner for modules: CommonJS packages inside them ask for Node.js's own modules by `require`. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const BUNDLERS = {
  'esbuild to a module': async () => {
    const { build } = await import('esbuild');
    const common = { entryPoints: [entry], bundle: true, platform: 'node', target: 'node20' };
    await build({ ...common, format: 'esm', banner: { js: REQUIRE }, outfile: `${folder}/main.mjs` });
  },
  'esbuild to CommonJS, minified': async () => {
    const { build } = await import('esbuild');
    const common = { entryPoints: [entry], bundle: true, platform: 'node', target: 'node20', minify: true };
    await build({ ...common, format: 'cjs', outfile: `${folder}/main.cjs` });
  },
  webpack: async () => {
    const { default: webpack } = await import('webpack');
    const output = { path: folder, filename: 'main.cjs' };
    const config = { mode: 'production', target: 'node20', entry, output };
    const stats = await new Promise((resolve, reject) =>
      webpack(config).run((error, result) => (error ? reject(error) : resolve(result))),
    );
    if (stats.hasErrors()) throw new Error(stats.toString());
  },
  vite: async () => {
    const { build } = await import('vite');
    const rolldownOptions = { output: { entryFileNames: 'main.mjs' } };
    await build({
      ...{ root: folder, configFile: false, logLevel: 'warn', ssr: { noExternal: true } },
      build: { ssr: entry, outDir: folder, emptyOutDir: false, target: 'node20', rolldownOptions },
    });
  },
  rollup: async () => {
    const { rollup } = await import('rollup');
    const [{ default: resolve }, { default: commonjs }, { default: json }] = await Promise.all([
      import('@rollup/plugin-node-resolve'),
      import('@rollup/plugin-commonjs'),
      import('@rollup/plugin-json'),
    ]);
    const plugins = [resolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs(), json()];
    const bundle = await rollup({ input: entry, plugins });
    await bundle.write({ file: `${folder}/main.mjs`, format: 'es', inlineDynamicImports: true });
  },
};

await BUNDLERS[bundler]();
