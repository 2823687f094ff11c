export { fixedClock, type FixedClock } from './clock.ts'
export { createMemoryStore } from './memory-store.ts'
export { countedRandom } from './random.ts'
export * from './stage.ts'
