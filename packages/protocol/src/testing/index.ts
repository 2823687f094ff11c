export { proveRule } from './prove-rule.ts'
