/** Prints what a check found, one line each, and makes the process fail if that is anything. */
export declare function report(problems: readonly string[]): void;
//# sourceMappingURL=report.d.ts.map