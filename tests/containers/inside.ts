/** Programs for the Node.js of a container. They print JSON. */

/** Prints who PID 1 is, and what lies in the file system. */
export const LOOK_INSIDE = `
  const there = (path) => fs.existsSync(path);
  let write = 'done';
  try { fs.writeFileSync('/app/x', ''); } catch ({ code }) { write = code; }
  JSON.stringify({
    status: fs.readFileSync('/proc/1/status', 'utf8'),
    write,
    npm: there('/usr/local/bin/npm') || there('/usr/local/lib/node_modules'),
    tests: there('/app/tests'),
  });`;

/** Prints `name@version` of each package, including nested ones. A link to nowhere is an error. */
export const LIST_PACKAGES = `
  // a nested package has its name in the folder of another
  const names = (path) => path.split('/node_modules/').slice(1);
  const packages = fs.globSync('/app/**/node_modules/{*,@*/*}')
    .filter((path) => names(path).every((name) => /^(@[^/]+\\/)?[^/@]+$/.test(name)))
    .map((path) => JSON.parse(fs.readFileSync(path + '/package.json', 'utf8')));
  JSON.stringify([...new Set(packages.map(({ name, version }) => name + '@' + version))].sort());`;
