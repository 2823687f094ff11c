export {
  invalidRequest,
  refusal,
  Refused,
  type ErrorCode,
  type Evidence,
  type Refusal,
} from './rules/refusal.ts'
export { enforce, type RequirementId, type Rule, type Rules } from './rules/rule.ts'
