import { parseSync, Visitor } from 'oxc-parser';
/**
 * The modules a TypeScript file names: static and dynamic imports, re-exports and `import('…')` types. A dynamic import
 * of anything but a string is given as `undefined`, because nobody can say where it leads.
 *
 * @throws SyntaxError when the file does not parse.
 */
export function importsOf(file, text) {
    const { program, errors } = parseSync(file, text);
    const [error] = errors;
    if (error)
        throw new SyntaxError(`${file}: ${error.message}`);
    const found = [];
    const add = (node) => {
        if (node.source !== null)
            found.push(literal(node.source));
    };
    new Visitor({
        ImportDeclaration: add,
        ExportNamedDeclaration: add,
        ExportAllDeclaration: add,
        ImportExpression: add,
        TSImportType: add,
    }).visit(program);
    return found;
}
function literal(node) {
    const isText = typeof node === 'object' && node !== null && 'value' in node;
    return isText && typeof node.value === 'string' ? node.value : undefined;
}
//# sourceMappingURL=imports.js.map