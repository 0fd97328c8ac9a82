// A resource server that verifies access tokens with jose, by the JWKS alone.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as jose from 'jose'
import { changed, clientId, issuer, login } from './served.mjs'

const { access_token: token, expires_in: expiresIn } = await login()
const keys = jose.createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`))
const expected = {
  issuer,
  audience: issuer,
  typ: 'at+jwt',
  algorithms: ['ES256'],
  requiredClaims: ['sub', 'client_id', 'iat', 'exp', 'jti'],
}

test('a good token is verified', async () => {
  const { payload, protectedHeader } = await jose.jwtVerify(token, keys, expected)
  assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ'])
  assert.equal(payload.client_id, clientId)
  assert.equal(payload.exp - payload.iat, expiresIn)
})

test('the type is also known by its full name', async () => {
  await jose.jwtVerify(token, keys, { ...expected, typ: 'application/at+jwt' })
})

for (const [name, wrong, code] of [
  ['issuer', { issuer: `${issuer}/` }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  ['audience', { audience: 'https://another.example.com' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  ['type', { typ: 'JWT' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  ['algorithm', { algorithms: ['RS256'] }, 'ERR_JOSE_ALG_NOT_ALLOWED'],
  ['time', { currentDate: new Date(Date.now() + 3600_000) }, 'ERR_JWT_EXPIRED'],
]) {
  test(`a token of another ${name} is refused`, async () => {
    await assert.rejects(jose.jwtVerify(token, keys, { ...expected, ...wrong }), { code })
  })
}

test('a changed token is refused', async () => {
  await assert.rejects(jose.jwtVerify(changed(token), keys, expected), {
    code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  })
})

test('the name of each key begins its thumbprint', async () => {
  for (const jwk of keys.jwks().keys) {
    const thumbprint = await jose.calculateJwkThumbprint(jwk)
    const bits = jose.base64url.decode(thumbprint).slice(0, 8)
    assert.equal(jwk.kid, jose.base64url.encode(bits))
  }
})
