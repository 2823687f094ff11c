import { type Sources } from './sources.ts';
/** The subpaths each package exports, by package name: `@signet/engine` → `.`, `./testing`. */
export type Exports = ReadonlyMap<string, ReadonlySet<string>>;
/** Every import that crosses a wall of the house, as a sentence. */
export declare function layerProblems(sources: Sources, exports: Exports): readonly string[];
/** Reads what each package of the repository exports. */
export declare function readExports(manifests: Sources): Exports;
//# sourceMappingURL=check-layers.d.ts.map