// Verifies with jose what comes on stdin: {"jwks": …, "tokens": {algorithm: access token}, …}

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as jose from 'jose'

const { jwks, tokens, issuer } = JSON.parse(readFileSync(0))
const keys = jose.createLocalJWKSet(jwks)

for (const [algorithm, token] of Object.entries(tokens)) {
  test(`a token signed with ${algorithm} is verified`, async () => {
    const expected = { issuer, audience: issuer, typ: 'at+jwt', algorithms: [algorithm] }
    const { protectedHeader } = await jose.jwtVerify(token, keys, expected)
    assert.equal(protectedHeader.alg, algorithm)
  })
}
