// A service that verifies access tokens with jose, and keeps the JWKS for as long as it is told to.
// It prints its address. `Keys-Fetched` in an answer is how often it has asked for the JWKS.

import { createServer } from 'node:http'
import * as jose from 'jose'

const { JWKS_URL, ISSUER, CACHE_SECONDS } = process.env
let fetched = 0

const keys = jose.createRemoteJWKSet(new URL(JWKS_URL), {
  cacheMaxAge: CACHE_SECONDS * 1000,
  cooldownDuration: CACHE_SECONDS * 1000,
  timeoutDuration: 300_000, // a process that is stopped may hold the request: wait as others do
  [jose.customFetch]: async (...request) => {
    const response = await fetch(...request)
    fetched += 1
    return response
  },
})

async function problem(token) {
  try {
    await jose.jwtVerify(token, keys, { issuer: ISSUER, audience: ISSUER, typ: 'at+jwt' })
    return null
  } catch (error) {
    return error.code ?? String(error)
  }
}

const server = createServer(async (request, response) => {
  const [, token = ''] = (request.headers.authorization ?? '').split(' ')
  const code = await problem(token)
  const body = JSON.stringify({ code })
  response.writeHead(code ? 401 : 200, { 'Content-Length': body.length, 'Keys-Fetched': fetched })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
