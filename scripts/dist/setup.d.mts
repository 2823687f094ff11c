#!/usr/bin/env node
export type LockEntry = {
    version?: string;
    link?: boolean;
    optional?: boolean;
};
export type Lock = {
    packages: Record<string, LockEntry>;
};
export type Result = {
    status: number | null;
    stdout: string;
    stderr: string;
};
//# sourceMappingURL=setup.d.mts.map