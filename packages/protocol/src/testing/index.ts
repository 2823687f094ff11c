export { forgeSignature } from '../http-signatures/testing/forge-signature.ts'
export { createRequestObject, type RequestObjectSigner } from './create-request-object.ts'
export { oneOfEachKind, type Kind, type SmallWorld } from './every-kind.ts'
export {
  assemble,
  deepJson,
  forge,
  forgeries,
  macWithPublicKey,
  unusableJwks,
  type Part,
} from './jwt-forge.ts'
export { proveRule } from './prove-rule.ts'
