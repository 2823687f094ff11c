export {};
//# sourceMappingURL=check-layers.test.d.ts.map