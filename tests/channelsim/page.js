// The page on which a person pays or refuses: plain HTML that works without scripts.
const DECIMALS = { JPY: 0, KRW: 0, KWD: 3, BHD: 3 };

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

export function amountText(minor, currency) {
  const decimals = DECIMALS[currency] ?? 2;
  return `${(minor / 10 ** decimals).toFixed(decimals)} ${currency}`;
}

export function payPage(payment) {
  const amount = escape(amountText(payment.request.amount_minor, payment.request.currency));
  const form = payment.state !== 'PENDING' ? '' : `
    <form method="post">
      <button name="decision" value="pay">Pay ${amount}</button>
      <button name="decision" value="refuse">Refuse</button>
    </form>`;
  const back = payment.request.return_url ? `<p><a href="${escape(payment.request.return_url)}">Back to the shop</a></p>` : '';
  return `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Pay ${amount}</title></head>
  <body><main>
    <h1>Sandbox payment</h1>
    <p>${escape(payment.merchant)} asks for <strong>${amount}</strong> for ${escape(payment.request.subject)}.</p>
    <p role="status">State: ${escape(payment.state)}</p>${form}${back}
  </main></body>
</html>
`;
}
