'use strict';

/** One server as the `reason` of a failed selection and the topology events show it. */
class ServerDescription {
  /** @param {{address: string, type?: string, error?: string}} server */
  constructor({ address, type, error }) {
    const colon = address.lastIndexOf(':');
    const port = colon > address.lastIndexOf(']') ? Number(address.slice(colon + 1)) : Number.NaN;
    this.address = address;
    this.host = Number.isNaN(port) ? address : address.slice(0, colon);
    this.port = Number.isNaN(port) ? undefined : port;
    this.type = type ?? 'Unknown';
    this.error = error == null ? null : new Error(error);
  }
}

/** What the engine knows about the deployment, in the shape of the official driver: Mongoose goes by this class's name. */
class TopologyDescription {
  /**
   * @param {{kind?: string, setName?: string, servers?: {address: string, type?: string, error?: string}[]} | null} [topology] the engine's `topology` event
   * @param {number} [heartbeatFrequencyMS]
   */
  constructor(topology, heartbeatFrequencyMS) {
    this.type = topology?.kind ?? 'Unknown';
    this.setName = topology?.setName ?? null;
    this.heartbeatFrequencyMS = heartbeatFrequencyMS;
    /** @type {Map<string, ServerDescription>} */
    this.servers = new Map();
    for (const server of topology?.servers ?? []) {
      this.servers.set(server.address, new ServerDescription(server));
    }
  }
}

exports.TopologyDescription = TopologyDescription;
exports.ServerDescription = ServerDescription;
