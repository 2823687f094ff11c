import { isBuiltin } from 'node:module';
import path from 'node:path';
import { importsOf } from './imports.js';
import { report } from './report.js';
import { isForTests, readCode, readSources } from './sources.js';
/** Which packages each package may import. Arrows point downward only. @see docs/adr and the table in CONTRIBUTING.md */
const LAYERS = {
    protocol: [],
    engine: ['protocol'],
    guard: ['protocol'],
    bff: ['protocol'],
    store: ['protocol', 'engine', 'guard', 'bff'],
    server: ['protocol', 'engine', 'store'],
};
/** Packages that decide without sockets, disk, clock or dice, and the parts of Node they may use. */
const PURE = new Set(['protocol', 'engine']);
const PURE_BUILTINS = new Set(['node:crypto', 'node:buffer']);
const SCOPE = '@signet/';
/** Every import that crosses a wall of the house, as a sentence. */
export function layerProblems(sources, exports) {
    return [...sources].flatMap(([file, text]) => importsOf(file, text).flatMap((target) => {
        if (target === undefined)
            return isForTests(file) ? [] : [`${file} imports a computed name`];
        const problem = problemOf({ file, home: homeOf(file), target }, exports);
        return problem === undefined ? [] : [`${file} imports ${target}: ${problem}`];
    }));
}
function problemOf(found, exports) {
    if (found.target.startsWith('.'))
        return relativeProblem(found);
    if (isBuiltin(found.target))
        return builtinProblem(found);
    if (found.target.startsWith(SCOPE))
        return packageProblem(found, exports);
    return undefined;
}
function relativeProblem({ file, home, target }) {
    const to = path.posix.join(path.posix.dirname(file), target);
    return to.startsWith(`${home}/`) ? undefined : `a relative import may not leave ${home}`;
}
function builtinProblem({ file, home, target }) {
    if (!target.startsWith('node:'))
        return `write node:${target}`;
    if (!PURE.has(packageOf(home)) || isForTests(file) || PURE_BUILTINS.has(target))
        return undefined;
    return `${packageOf(home)} may use only ${[...PURE_BUILTINS].join(' and ')} of Node`;
}
function packageProblem({ file, home, target }, exports) {
    const [name = '', ...rest] = target.slice(SCOPE.length).split('/');
    const subpaths = exports.get(`${SCOPE}${name}`);
    if (!(name in LAYERS) || subpaths === undefined)
        return 'nobody imports that';
    const subpath = ['.', ...rest].join('/');
    if (!subpaths.has(subpath))
        return `${SCOPE}${name} exports no ${subpath}`;
    const from = packageOf(home);
    if (from !== name)
        return layerProblem(from, name);
    return isForTests(file) ? undefined : 'import inside a package by relative path';
}
function layerProblem(from, name) {
    const below = LAYERS[from] ?? [];
    if (from === '' || below.includes(name))
        return undefined;
    return `${from} may import ${below.join(', ') || 'no other package'}`;
}
/** The package, app or top-level folder a file belongs to. */
function homeOf(file) {
    const deep = /^(?:packages|apps)\//.test(file);
    return file
        .split('/')
        .slice(0, deep ? 2 : 1)
        .join('/');
}
/** The short name of a package of the product; nothing for what only composes packages. */
function packageOf(home) {
    return home.startsWith('packages/') ? home.slice('packages/'.length) : '';
}
/** Reads what each package of the repository exports. */
export function readExports(manifests) {
    return new Map([...manifests.values()].map((text) => {
        const manifest = JSON.parse(text);
        return [manifest.name, new Set(Object.keys(manifest.exports ?? {}))];
    }));
}
if (import.meta.main) {
    report(layerProblems(readCode(), readExports(readSources(['packages/*/package.json']))));
}
//# sourceMappingURL=check-layers.js.map