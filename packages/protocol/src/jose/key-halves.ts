import { Buffer } from 'node:buffer'
import {
  diffieHellman,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  type KeyObject,
} from 'node:crypto'

/** Whether what is encrypted to one half is what the other half decrypts. Not every Node asks when it reads a JWK. */
export function belongTogether(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const proves = publicKey.asymmetricKeyType === 'rsa' ? decrypts : agrees
  try {
    return proves(privateKey, publicKey)
  } catch {
    return false
  }
}

function decrypts(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const probe = Buffer.from('probe')
  const encrypted = publicEncrypt({ key: publicKey, oaepHash: 'sha256' }, probe)
  return privateDecrypt({ key: privateKey, oaepHash: 'sha256' }, encrypted).equals(probe)
}

function agrees(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const { asymmetricKeyDetails: { namedCurve } = {} } = publicKey
  const peer =
    namedCurve === undefined
      ? generateKeyPairSync('x25519')
      : generateKeyPairSync('ec', { namedCurve })
  const secret = diffieHellman({ privateKey, publicKey: peer.publicKey })
  return secret.equals(diffieHellman({ privateKey: peer.privateKey, publicKey }))
}
