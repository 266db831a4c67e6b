'use strict';

const { bindEmitter } = require('./bind-emitter');
const { requestFrame, runIn } = require('./context');

/**
 * A function (request, response, next) for Express and Connect, and as a hook of Fastify, that runs the rest of the
 * request for its tenant.
 * @param {import('./tenants').Tenants} tenants
 * @param {import('./request-tenant').RequestTenant} requestTenant
 */
function tenantMiddleware(tenants, requestTenant) {
  return function tenantOfRequest(
    /** @type {any} */ request,
    /** @type {any} */ response,
    /** @type {(error?: unknown) => void} */ next,
  ) {
    const enter = (/** @type {import('./tenant').Tenant | null} */ tenant) => {
      if (tenant !== null) request.tenant = tenant;
      runIn(tenants, requestFrame(tenant), () => {
        // Fastify has Node's own below its own.
        for (const each of [request, request.raw, response, response?.raw]) bindEmitter(each);
        next();
      });
    };
    let found;
    try {
      found = requestTenant.of([request, response]);
    } catch (error) {
      next(error);
      return;
    }
    if (found instanceof Promise) found.then(enter, next);
    else enter(found);
  };
}

exports.tenantMiddleware = tenantMiddleware;
