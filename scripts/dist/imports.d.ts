/**
 * The modules a TypeScript file names: static and dynamic imports, re-exports and `import('…')` types. A dynamic import
 * of anything but a string is given as `undefined`, because nobody can say where it leads.
 *
 * @throws SyntaxError when the file does not parse.
 */
export declare function importsOf(file: string, text: string): readonly (string | undefined)[];
//# sourceMappingURL=imports.d.ts.map