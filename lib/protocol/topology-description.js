'use strict';

const READABLE = new Set(['RSPrimary', 'RSSecondary', 'Standalone', 'Mongos', 'LoadBalancer']);

/** How often the official driver asks servers when nobody says. */
const HEARTBEAT_MS = 10_000;

/** A server as the engine describes it: `described` in `src/telemetry/servers.rs`. @typedef {Record<string, any>} Server */

/** One server as the `reason` of a failed selection and the topology events show it. */
class ServerDescription {
  /** @param {Server} server */
  constructor({ address, type, error, ...known }) {
    const colon = address.lastIndexOf(':');
    const port = colon > address.lastIndexOf(']') ? Number(address.slice(colon + 1)) : Number.NaN;
    this.address = address;
    this.host = Number.isNaN(port) ? address : address.slice(0, colon);
    this.port = Number.isNaN(port) ? undefined : port;
    this.type = type ?? 'Unknown';
    this.tags = known.tags ?? {};
    this.minWireVersion = known.minWireVersion ?? 0;
    this.maxWireVersion = known.maxWireVersion ?? 0;
    this.roundTripTime = known.roundTripTime ?? -1;
    this.setName = known.setName ?? null;
    this.setVersion = known.setVersion ?? null;
    this.error = error == null ? null : new Error(error);
  }

  get isReadable() {
    return READABLE.has(this.type);
  }

  get isDataBearing() {
    return READABLE.has(this.type);
  }

  get isWritable() {
    return this.type !== 'RSSecondary' && READABLE.has(this.type);
  }
}

/** What the engine knows about the deployment, in the shape of the official driver: Mongoose goes by this class's name. */
class TopologyDescription {
  /**
   * @param {{kind?: string, setName?: string, servers?: Server[]} | null} [topology] the engine's
   * @param {number} [heartbeatFrequencyMS]
   */
  constructor(topology, heartbeatFrequencyMS) {
    this.type = topology?.kind ?? 'Unknown';
    this.setName = topology?.setName ?? null;
    this.stale = false;
    this.compatible = true;
    this.heartbeatFrequencyMS = heartbeatFrequencyMS ?? HEARTBEAT_MS;
    /** @type {Map<string, ServerDescription>} */
    this.servers = new Map();
    for (const server of topology?.servers ?? []) {
      this.servers.set(server.address, new ServerDescription(server));
    }
  }

  get hasKnownServers() {
    return [...this.servers.values()].some(({ type }) => type !== 'Unknown');
  }

  get hasDataBearingServers() {
    return [...this.servers.values()].some(({ isDataBearing }) => isDataBearing);
  }
}

exports.TopologyDescription = TopologyDescription;
exports.ServerDescription = ServerDescription;
