'use strict';

const { PolyMongoError } = require('../error');
const { received } = require('../protocol/option-values');
const { requestFrame, runIn } = require('./context');

const REFUSALS = new Set(['TENANT_REFUSED', 'TENANT_TIMEOUT']);

/**
 * A route handler of web frameworks, (Request, context) → Response, that runs for the request's tenant.
 * @param {import('./tenants').Tenants} tenants
 * @param {import('./request-tenant').RequestTenant} requestTenant
 * @param {any} handler
 */
function tenantRoute(tenants, requestTenant, handler) {
  if (typeof handler !== 'function') {
    throw new PolyMongoError(
      `withTenant.route() needs a handler (request, context, tenant) => Response${received(handler)}`,
      { code: 'OPTION_INVALID', option: 'handler' },
    );
  }
  return async (/** @type {any} */ request, /** @type {any} */ context) => {
    let tenant;
    try {
      tenant = await requestTenant.of([request, context]);
    } catch (error) {
      if (!REFUSALS.has(error?.code)) throw error;
      return Response.json({ code: error.code, error: error.message }, { status: error.status });
    }
    return runIn(tenants, requestFrame(tenant), () => handler(request, context, tenant ?? undefined));
  };
}

exports.tenantRoute = tenantRoute;
