// Stands in for a gateway: notifications over HTTP become calls of HandleNotification.
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const PROTOS = fileURLToPath(new URL('../../protos', import.meta.url));

export function openRelay(address) {
  const definition = loader.loadSync('bmt/payment/v1/payment.proto', { includeDirs: [PROTOS], keepCase: true, longs: String });
  const { PaymentHubService } = grpc.loadPackageDefinition(definition).bmt.payment.v1;
  const client = new PaymentHubService(address, grpc.credentials.createInsecure(),
    { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.min_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 });
  return {
    // Resolves with the error of the call, or null when it was acknowledged.
    pass: (channelAccountId, headers, body) => new Promise((resolve) => {
      const request = {
        channel_account_id: channelAccountId,
        headers: Object.entries(headers).map(([name, value]) => ({ name, value: String(value) })),
        body,
      };
      client.HandleNotification(request, { deadline: Date.now() + 10000 }, (error) => resolve(error));
    }),
    close: () => client.close(),
  };
}
