export {
  createTestIssuer,
  type RequestChange,
  type SignatureChange,
  type TestIssuer,
  type TestIssuerOptions,
} from './test-issuer.ts'
