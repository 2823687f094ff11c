export {
  createTestIssuer,
  type RequestChange,
  type TestIssuer,
  type TestIssuerOptions,
} from './test-issuer.ts'
