// What a shop's backend does for its pages, over gRPC with its API key: it hands a page the token of its user.
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const PROTOS = fileURLToPath(new URL('../../../protos', import.meta.url));
const DEADLINE_MS = 5000;

export function createBackend() {
  const { BusinessService } = grpc.loadPackageDefinition(
    loader.loadSync('bmt/business/v1/business.proto', { includeDirs: [PROTOS], keepCase: true, longs: String }),
  ).bmt.business.v1;
  const clients = new Map();
  const clientOf = (address) => {
    if (!clients.has(address)) clients.set(address, new BusinessService(address, grpc.credentials.createInsecure()));
    return clients.get(address);
  };
  return {
    token: ({ address, key }, user) => new Promise((resolve, reject) => {
      const metadata = new grpc.Metadata();
      metadata.set('authorization', `Bearer ${key}`);
      clientOf(address).IssueClientToken({ user_id: user }, metadata, { deadline: Date.now() + DEADLINE_MS },
        (error, reply) => (error ? reject(error) : resolve(reply.token)));
    }),
    close: () => {
      for (const client of clients.values()) client.close();
    },
  };
}
