/** The text of files by their path from the root of the repository, with forward slashes. */
export type Sources = ReadonlyMap<string, string>;
/** The root of the repository. */
export declare const ROOT: string;
/** Reads the files that match, in a stable order; installed and built files never count. */
export declare function readSources(patterns: readonly string[], root?: string): Sources;
/** All product, example, bench and end-to-end code of the repository. */
export declare function readCode(): Sources;
/** Whether a file is a test, or support for tests that a package exports from its `testing` folder. */
export declare function isForTests(file: string): boolean;
//# sourceMappingURL=sources.d.ts.map