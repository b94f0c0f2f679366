// What a page may call, and the messages of it as proto3 JSON has them. Generated from protos/bmt by
// clients/sdk/tools/contract.js; never edited. 64-bit numbers are text, times RFC 3339; what has its default is absent.

/** Calls with one answer, by their path. */
export interface Methods {
  /**
   * Creates an order in state `PENDING_PAYMENT`, from a quote or from SKUs at their present prices, and holds the stock
   * of its counted SKUs until it is paid or closed. It closes by itself when it is not paid in time.
   *
   * Idempotent by `request_id`: a repeat returns the order as it is now. Errors, first that applies:
   * INVALID_ARGUMENT (form of a field), INVALID_ARGUMENT `FIELD_CONFLICT` (quote and lines),
   * ALREADY_EXISTS `REQUEST_ID_REUSED`, NOT_FOUND `QUOTE_NOT_FOUND` or `SKU_NOT_FOUND`,
   * FAILED_PRECONDITION `QUOTE_MISMATCH`, `QUOTE_EXPIRED`, `QUOTE_USED`, `SKU_NOT_ON_SALE` or `PRICE_MISSING`,
   * OUT_OF_RANGE `AMOUNT_OVERFLOW`, FAILED_PRECONDITION `STOCK_INSUFFICIENT`,
   * UNAVAILABLE `COMMIT_UNCERTAIN` (repeat with the same request_id).
   */
  'bmt.order.v1.OrderService/CreateOrder': { request: CreateOrderRequest; response: CreateOrderResponse };
  /**
   * Returns an order.
   *
   * Errors, first that applies: INVALID_ARGUMENT (form of a field), NOT_FOUND `ORDER_NOT_FOUND`.
   */
  'bmt.order.v1.OrderService/GetOrder': { request: GetOrderRequest; response: GetOrderResponse };
  /**
   * Lists orders, newest first.
   *
   * Errors, first that applies: INVALID_ARGUMENT (form of a field), INVALID_ARGUMENT `PAGE_TOKEN_INVALID`,
   * NOT_FOUND `ORDER_NOT_FOUND` (a browser, of another user).
   */
  'bmt.order.v1.OrderService/ListOrders': { request: ListOrdersRequest; response: ListOrdersResponse };
  /**
   * Begins a payment of an order in state `PENDING_PAYMENT` over a channel account, and says what the payer has to do.
   * A payment of the same channel account that still waits for the payer is returned again, whatever the `request_id`.
   *
   * Idempotent by the `request_id` that began the payment: a repeat returns the payment as it is now. One that is still
   * `CREATED`, because its first request ended before the channel was asked or before its answer was heard, is offered to
   * the channel again under the same payment id by a repeat that comes some seconds later, as long as the order and the
   * channel account allow it. Errors, first that applies:
   * INVALID_ARGUMENT (form of a field), ALREADY_EXISTS `REQUEST_ID_REUSED`, NOT_FOUND `ORDER_NOT_FOUND`,
   * NOT_FOUND `CHANNEL_ACCOUNT_NOT_FOUND`, FAILED_PRECONDITION `ORDER_WRONG_STATE`, `ORDER_EXPIRED`,
   * `CHANNEL_DISABLED`, `CHANNEL_UNSUITABLE` (it does not take this currency or amount), `CHANNEL_SECRET_MISSING`,
   * `PAYMENT_IN_DOUBT` (another payment of the order may yet take the money), or `AGREEMENT_NOT_ACCEPTED` (the order's
   * user must accept it first, see AcceptAgreement; metadata: agreement_template, code, version),
   * FAILED_PRECONDITION `NOTIFICATION_MISMATCH` (the channel answered about other money; the payment stands,
   * and is asked about again). A payment whose channel did not answer is returned in state `UNKNOWN`.
   */
  'bmt.order.v1.OrderService/PayOrder': { request: PayOrderRequest; response: PayOrderResponse };
  /**
   * Cancels an order in state `PENDING_PAYMENT`; the order is then `CLOSED` with reason `USER_CANCELLED`, or `SUPPORT`
   * when support staff cancels it. Money that still arrives is matched as late, never lost.
   *
   * Idempotent by `request_id`. Errors, first that applies: INVALID_ARGUMENT (form of a field),
   * ALREADY_EXISTS `REQUEST_ID_REUSED`, NOT_FOUND `ORDER_NOT_FOUND`,
   * FAILED_PRECONDITION `ORDER_WRONG_STATE` (metadata: state, allowed),
   * UNAVAILABLE `COMMIT_UNCERTAIN` (repeat with the same request_id).
   */
  'bmt.order.v1.OrderService/CancelOrder': { request: CancelOrderRequest; response: CancelOrderResponse };
  /**
   * Confirms that the buyer has what was bought: from `FULFILLED` to `COMPLETED`. Happens by itself after a while.
   *
   * Idempotent by `request_id`. Errors as CancelOrder.
   */
  'bmt.order.v1.OrderService/ConfirmOrder': { request: ConfirmOrderRequest; response: ConfirmOrderResponse };
  /**
   * Returns a refund of an order, of money that came too late for one, or of a payment that belongs to none.
   *
   * Errors, first that applies: INVALID_ARGUMENT (form of a field), NOT_FOUND `REFUND_NOT_FOUND`, UNAVAILABLE
   * `COMMIT_UNCERTAIN` (it was begun, and a part of that is still being committed: ask again).
   */
  'bmt.order.v1.OrderService/GetRefund': { request: GetRefundRequest; response: GetRefundResponse };
  /**
   * Lists what a cashier can offer for an order: the enabled channel accounts that take its currency and amount on the
   * platform named, and the agreements that go with what is bought. The account over which the user has paid last comes
   * first, the others by their priority. Nothing is offered for an order that can no longer be paid.
   *
   * Errors, first that applies: INVALID_ARGUMENT (form of a field), INVALID_ARGUMENT `PAGE_TOKEN_INVALID`,
   * NOT_FOUND `ORDER_NOT_FOUND`.
   */
  'bmt.payment.v1.PaymentHubService/ListCashierChannels': { request: ListCashierChannelsRequest; response: ListCashierChannelsResponse };
  /**
   * Lists agreement templates with all their versions, newest first. A page ends early when its texts grow large.
   *
   * Errors, first that applies: INVALID_ARGUMENT (form of a field), INVALID_ARGUMENT `PAGE_TOKEN_INVALID`.
   */
  'bmt.payment.v1.PaymentHubService/ListAgreementTemplates': { request: ListAgreementTemplatesRequest; response: ListAgreementTemplatesResponse };
  /**
   * Records that a user accepted a version of an agreement, with the proof. A version is accepted once: whoever accepts
   * it again is shown the first acceptance, as it was recorded.
   *
   * Idempotent by `request_id`, and by user and version. Errors, first that applies: INVALID_ARGUMENT (form of a field),
   * ALREADY_EXISTS `REQUEST_ID_REUSED`, NOT_FOUND `AGREEMENT_TEMPLATE_NOT_FOUND`, NOT_FOUND `AGREEMENT_TEXT_NOT_FOUND`
   * (it has no text in the locale), NOT_FOUND `ORDER_NOT_FOUND` (it is of another user, too).
   */
  'bmt.payment.v1.PaymentHubService/AcceptAgreement': { request: AcceptAgreementRequest; response: AcceptAgreementResponse };
  /**
   * Returns a payment as the platform knows it.
   *
   * Errors, first that applies: INVALID_ARGUMENT (form of a field), NOT_FOUND `PAYMENT_NOT_FOUND`.
   */
  'bmt.payment.v1.PaymentHubService/GetPayment': { request: GetPaymentRequest; response: GetPaymentResponse };
  /**
   * Asks the channel for the truth about a payment that is not final, applies its answer, and returns the payment.
   *
   * It only learns what has happened, so it may be repeated freely. Errors, first that applies:
   * INVALID_ARGUMENT (form of a field), NOT_FOUND `PAYMENT_NOT_FOUND`, FAILED_PRECONDITION `CHANNEL_SECRET_MISSING`,
   * FAILED_PRECONDITION `NOTIFICATION_MISMATCH` (the channel answered about other money; nothing was changed),
   * UNAVAILABLE `CHANNEL_UNAVAILABLE`.
   */
  'bmt.payment.v1.PaymentHubService/QueryPayment': { request: QueryPaymentRequest; response: QueryPaymentResponse };
  /**
   * Returns an SPU.
   *
   * Errors, first that applies: INVALID_ARGUMENT (form of a field), NOT_FOUND `SPU_NOT_FOUND`.
   */
  'bmt.product.v1.ProductService/GetSpu': { request: GetSpuRequest; response: GetSpuResponse };
  /**
   * Returns an SKU.
   *
   * Errors, first that applies: INVALID_ARGUMENT (form of a field), NOT_FOUND `SKU_NOT_FOUND`.
   */
  'bmt.product.v1.ProductService/GetSku': { request: GetSkuRequest; response: GetSkuResponse };
  /**
   * Prices lines for a user; the quote binds until its `expire_time` and is good for one order. Holds no stock.
   *
   * Idempotent by `request_id`. Errors, first that applies: INVALID_ARGUMENT (form of a field),
   * ALREADY_EXISTS `REQUEST_ID_REUSED`, NOT_FOUND `COUPON_NOT_FOUND` (until promotions are served, every code is unknown),
   * NOT_FOUND `SKU_NOT_FOUND`, FAILED_PRECONDITION `SKU_NOT_ON_SALE`,
   * FAILED_PRECONDITION `PRICE_MISSING`, OUT_OF_RANGE `AMOUNT_OVERFLOW`.
   */
  'bmt.product.v1.ProductService/QuotePrice': { request: QuotePriceRequest; response: QuotePriceResponse };
  /**
   * Returns a quote.
   *
   * Errors, first that applies: INVALID_ARGUMENT (form of a field), NOT_FOUND `QUOTE_NOT_FOUND`.
   */
  'bmt.product.v1.ProductService/GetQuote': { request: GetQuoteRequest; response: GetQuoteResponse };
  /**
   * Returns an entitlement lot.
   *
   * Errors, first that applies: INVALID_ARGUMENT (form of a field), NOT_FOUND `ENTITLEMENT_NOT_FOUND`.
   */
  'bmt.product.v1.ProductService/GetEntitlement': { request: GetEntitlementRequest; response: GetEntitlementResponse };
  /**
   * Lists the lots of a user, oldest first.
   *
   * Errors, first that applies: INVALID_ARGUMENT (form of a field), INVALID_ARGUMENT `PAGE_TOKEN_INVALID`,
   * NOT_FOUND `ENTITLEMENT_NOT_FOUND` (a browser, of another user).
   */
  'bmt.product.v1.ProductService/ListEntitlements': { request: ListEntitlementsRequest; response: ListEntitlementsResponse };
  /**
   * Says whether a user is entitled to an SPU now, until when, and how many pieces remain. A user who holds nothing is
   * a plain `false`.
   *
   * Errors, first that applies: INVALID_ARGUMENT (form of a field), NOT_FOUND `ENTITLEMENT_NOT_FOUND` (a browser,
   * of another user).
   */
  'bmt.product.v1.ProductService/CheckEntitlement': { request: CheckEntitlementRequest; response: CheckEntitlementResponse };
}

/** Calls with a stream of answers, by their path. */
export interface Streams {
  /**
   * Streams an order: first as it is, then every change once and in order, whichever replica made it; heartbeats in
   * between. The stream ends with OK after the change to a final state.
   *
   * Errors, first that applies: UNAVAILABLE `SHUTTING_DOWN`, RESOURCE_EXHAUSTED `STREAMS_FULL`, INVALID_ARGUMENT (form of
   * a field), NOT_FOUND `ORDER_NOT_FOUND`; and later RESOURCE_EXHAUSTED `STREAM_TOO_SLOW` or UNAVAILABLE `SHUTTING_DOWN`.
   */
  'bmt.order.v1.OrderService/WatchOrder': { request: WatchOrderRequest; response: WatchOrderResponse };
}

/** A caller's own remark on an object; the platform keeps it and does not read it. */
export interface Label {
  /** Name, unique in its list, up to 32 bytes. */
  key?: string;
  /** Text for programs or people, up to 128 bytes. */
  value?: string;
}

/** An amount of money in whole minor units of a currency. */
export interface Money {
  /** Minor units of the currency (cents of EUR, yen of JPY), 1 to 10^15 in requests. Never a fraction. */
  amountMinor?: string;
  /** Code of ISO 4217, such as `EUR`. */
  currency?: string;
}

/** Cancels an order. */
export interface CancelOrderRequest {
  /** Names the request for ever; a repeat is answered as the first one was. */
  requestId: string;
  /** Which. */
  orderId: string;
  /** Why, for the history. */
  detail?: string;
}

/** The order cancelled. */
export interface CancelOrderResponse {
  /** The order. */
  order?: Order;
}

/** Why an order closed. */
export type CloseReason =
  | 'CLOSE_REASON_UNSPECIFIED'
  | 'CLOSE_REASON_PAYMENT_FAILED'
  | 'CLOSE_REASON_TIMEOUT'
  | 'CLOSE_REASON_USER_CANCELLED'
  | 'CLOSE_REASON_RISK_DENIED'
  | 'CLOSE_REASON_SUPPORT';

/** Confirms an order. */
export interface ConfirmOrderRequest {
  /** Names the request for ever; a repeat is answered as the first one was. */
  requestId: string;
  /** Which. */
  orderId: string;
}

/** The order confirmed. */
export interface ConfirmOrderResponse {
  /** The order. */
  order?: Order;
}

/** Creates an order. */
export interface CreateOrderRequest {
  /** Names the request for ever; a repeat is answered as the first one was. */
  requestId: string;
  /** For which user; empty for a browser's own. */
  userId?: string;
  /** The quote to order; empty when lines are given. */
  quoteId?: string;
  /** What is wanted, 1 to 20 lines; empty when a quote is given. */
  lines?: OrderLineRequest[];
  /** Currency of the lines; empty when a quote is given. */
  currency?: string;
  /** Seconds to pay, 10 to 86400; 0 for the business's setting. */
  expiresInS?: string | number;
  /** Remarks of the caller. */
  labels?: Label[];
  /**
   * Where the buyer is, a code of ISO 3166-1; empty when not known, or when a quote is given. Purchase rules may ask for
   * it.
   */
  region?: string;
  /**
   * The buyer's level, as the business counts levels; 0 when not known, or when a quote is given. Purchase rules may ask
   * for it.
   */
  level?: number;
}

/** The order created. */
export interface CreateOrderResponse {
  /** The order. */
  order?: Order;
}

/** Asks for an order. */
export interface GetOrderRequest {
  /** Which. */
  orderId: string;
}

/** The order. */
export interface GetOrderResponse {
  /** The order. */
  order?: Order;
}

/** Asks for a refund. */
export interface GetRefundRequest {
  /** Which. */
  refundId: string;
}

/** The refund. */
export interface GetRefundResponse {
  /** The refund. */
  refund?: Refund;
}

/** Nothing happened. */
export interface Heartbeat {
  /** The time that rules see. */
  time?: string;
}

/** Asks for a page of orders. */
export interface ListOrdersRequest {
  /** Most items wanted, 1 to 200; 0 for 50. */
  pageSize?: number;
  /** `next_page_token` of the page before; empty for the first. */
  pageToken?: string;
  /** Whose; empty for all, for a browser for its own. */
  userId?: string;
  /** In which state; UNSPECIFIED for all. */
  state?: OrderState;
  /** Created at or after this time; absent for all. */
  createTimeFrom?: string;
  /** Created before this time; absent for all. */
  createTimeTo?: string;
}

/** A page of orders. */
export interface ListOrdersResponse {
  /** The orders. */
  orders?: Order[];
  /** Token of the next page; empty on the last. */
  nextPageToken?: string;
}

/** An order. */
export interface Order {
  /** `ord_...`, set by the platform. */
  orderId?: string;
  /** Whose. */
  userId?: string;
  /** Where it stands. */
  state?: OrderState;
  /** Why it closed, when it did. */
  closeReason?: CloseReason;
  /** Counts its changes, from 1 on. */
  version?: number;
  /** Sum of the lines. */
  total?: Money;
  /** The lines. */
  lines?: OrderLine[];
  /** The quote that it was made from; empty for none. */
  quoteId?: string;
  /** The payment under way, or the one that paid; empty for none. */
  paymentId?: string;
  /** Remarks of the caller. */
  labels?: Label[];
  /** Until when it can be paid; absent when it is not waiting for money. */
  expireTime?: string;
  /** When it was created. */
  createTime?: string;
  /** When it last changed. */
  updateTime?: string;
  /** When its money arrived. */
  payTime?: string;
  /** When it was fulfilled. */
  fulfilTime?: string;
  /** When it was completed. */
  completeTime?: string;
  /** What was paid back so far. */
  refunded?: Money;
  /** The refund under way; empty for none. */
  refundId?: string;
}

/** A change of a watched order. */
export interface OrderChange {
  /** What happened. */
  event?: OrderEvent;
  /** The order as it is now: at least as new as the event. */
  order?: Order;
}

/** Something that happened to an order. */
export interface OrderEvent {
  /** The order. */
  orderId?: string;
  /** The order's version after it. */
  version?: number;
  /** What happened. */
  kind?: OrderEventKind;
  /** State before; UNSPECIFIED for the creation. */
  fromState?: OrderState;
  /** State after. */
  toState?: OrderState;
  /** Why it closed, when it did. */
  closeReason?: CloseReason;
  /** The payment that it came by; empty for none. */
  paymentId?: string;
  /** Who did it, such as `merchant key_...` or `job order.close_expired`. */
  actor?: string;
  /** Remark, such as the reason that support gave. */
  detail?: string;
  /** When. */
  time?: string;
}

/** What can happen to an order. */
export type OrderEventKind =
  | 'ORDER_EVENT_KIND_UNSPECIFIED'
  | 'ORDER_EVENT_KIND_CREATE'
  | 'ORDER_EVENT_KIND_PAY'
  | 'ORDER_EVENT_KIND_START_FULFILMENT'
  | 'ORDER_EVENT_KIND_FULFIL'
  | 'ORDER_EVENT_KIND_CONFIRM'
  | 'ORDER_EVENT_KIND_CANCEL'
  | 'ORDER_EVENT_KIND_EXPIRE'
  | 'ORDER_EVENT_KIND_FAIL_PAYMENT'
  | 'ORDER_EVENT_KIND_DENY'
  | 'ORDER_EVENT_KIND_START_REFUND'
  | 'ORDER_EVENT_KIND_REFUND'
  | 'ORDER_EVENT_KIND_END_REFUND'
  | 'ORDER_EVENT_KIND_END_REFUND_COMPLETED'
  | 'ORDER_EVENT_KIND_REOPEN';

/** One line of an order. */
export interface OrderLine {
  /** Number in the order, from 1 on. */
  lineNo?: number;
  /** What. */
  skuId?: string;
  /** The SPU of the SKU. */
  spuId?: string;
  /** Title at the time of the order. */
  title?: string;
  /** How many units. */
  quantity?: string;
  /** Price of one unit. */
  unitPrice?: Money;
  /** Quantity x unit price, less what promotions took off. */
  amount?: Money;
  /** Units that were paid back and recalled. */
  refundedQuantity?: string;
  /** What promotions took off; absent for nothing. */
  discount?: Money;
}

/** One wanted line. */
export interface OrderLineRequest {
  /** What. */
  skuId: string;
  /** How many units. */
  quantity: string | number;
}

/** Where an order stands. */
export type OrderState =
  | 'ORDER_STATE_UNSPECIFIED'
  | 'ORDER_STATE_PENDING_PAYMENT'
  | 'ORDER_STATE_PAID'
  | 'ORDER_STATE_FULFILLING'
  | 'ORDER_STATE_FULFILLED'
  | 'ORDER_STATE_COMPLETED'
  | 'ORDER_STATE_CLOSED'
  | 'ORDER_STATE_REFUNDING'
  | 'ORDER_STATE_REFUNDED';

/** Pays an order. */
export interface PayOrderRequest {
  /** Names the request for ever; a repeat is answered as the first one was. */
  requestId: string;
  /** Which. */
  orderId: string;
  /** Over which channel account. */
  channelAccountId: string;
  /** Where the payer's page goes afterwards; empty for none. */
  returnUrl?: string;
}

/** The payment begun. */
export interface PayOrderResponse {
  /** The order. */
  order?: Order;
  /** The payment, with what the payer has to do. */
  payment?: Payment;
}

/** Money that goes back. */
export interface Refund {
  /** `rfd_...`, set by the platform. */
  refundId?: string;
  /** The order; empty where the payment belongs to none. */
  orderId?: string;
  /** Where it stands. */
  state?: RefundState;
  /** What goes back. */
  amount?: Money;
  /** What is recalled when it succeeds; none for money that no order has. */
  lines?: RefundLine[];
  /** Why. */
  reason?: string;
  /** When it was created. */
  createTime?: string;
  /** When it last changed. */
  updateTime?: string;
  /** The payment that it pays back. */
  paymentId?: string;
  /** Why it failed, in the channel's words. */
  failure?: string;
  /** The channel's number of the movement of money. */
  channelTransaction?: string;
}

/** What is refunded of one line. */
export interface RefundLine {
  /** Line of the order. */
  lineNo?: number;
  /** How many units of it. */
  quantity?: string;
}

/** Where a refund stands. */
export type RefundState =
  | 'REFUND_STATE_UNSPECIFIED'
  | 'REFUND_STATE_CREATED'
  | 'REFUND_STATE_PENDING'
  | 'REFUND_STATE_SUCCEEDED'
  | 'REFUND_STATE_FAILED'
  | 'REFUND_STATE_UNKNOWN';

/** Watches an order. */
export interface WatchOrderRequest {
  /** Which. */
  orderId: string;
}

/** One message of the stream. */
export interface WatchOrderResponse {
  /** The order as it is: the first message. */
  order?: Order;
  /** A change. */
  change?: OrderChange;
  /** A sign of life. */
  heartbeat?: Heartbeat;
}

/** Accepts an agreement. */
export interface AcceptAgreementRequest {
  /** Names the request for ever; a repeat is answered as the first one was. */
  requestId: string;
  /** Which version. */
  agreementTemplateId: string;
  /** Who accepts; empty for a browser's own user. */
  userId?: string;
  /** The order that it was shown for; empty for none. */
  orderId?: string;
  /** The language that was shown, one of the version's `locales`; empty for the first one. */
  locale?: string;
}

/** The proof. */
export interface AcceptAgreementResponse {
  /** When it was accepted. */
  acceptTime?: string;
  /** The proof. */
  acceptance?: AgreementAcceptance;
}

/** That a user accepted a version of an agreement. Never changed, never deleted. */
export interface AgreementAcceptance {
  /** `acp_...`, set by the platform. */
  acceptanceId?: string;
  /** Which version. */
  agreementTemplateId?: string;
  /** Who accepted. */
  userId?: string;
  /** The order that it was shown for; empty for none. */
  orderId?: string;
  /** SHA-256 of the text that was shown. */
  textSha256?: string;
  /** Who told the platform, such as `browser u1` or `merchant key_...`. */
  actor?: string;
  /** When it was accepted. */
  acceptTime?: string;
  /** Which agreement. */
  code?: string;
  /** Which version of it. */
  version?: number;
  /** The language of the text that was shown. */
  locale?: string;
  /**
   * SHA-256 of the client token by which a browser told it: who holds the token can show that it was this one; empty
   * when it was told by an API key.
   */
  tokenSha256?: string;
}

/** What an agreement asks of those who buy. */
export type AgreementDemand =
  | 'AGREEMENT_DEMAND_UNSPECIFIED'
  | 'AGREEMENT_DEMAND_SHOWN'
  | 'AGREEMENT_DEMAND_REQUIRED'
  | 'AGREEMENT_DEMAND_WITHDRAWN';

/** A version of an agreement, with its text in one of its languages. */
export interface AgreementTemplate {
  /** `tpl_...`, set by the platform. */
  agreementTemplateId?: string;
  /** Which agreement, such as `membership-renewal`. */
  code?: string;
  /** Counts its versions, from 1 on. */
  version?: number;
  /** Title to show. */
  title?: string;
  /** Text to show, plain. */
  text?: string;
  /** When it was created. */
  createTime?: string;
  /** Language of `title` and `text`. */
  locale?: string;
  /** SHA-256 of `text`. */
  textSha256?: string;
  /** All its languages, the first one first. */
  locales?: string[];
  /** What it asks of those who buy. */
  demand?: AgreementDemand;
  /** It goes with orders of these SPUs, and with those of `sku_ids`; both empty: with all orders of the business. */
  spuIds?: string[];
  /** It goes with orders of these SKUs. */
  skuIds?: string[];
}

/** One way to pay. */
export interface CashierChannel {
  /** The account to pay over. */
  channelAccountId?: string;
  /** Name of the channel. */
  channel?: string;
  /** Title to show. */
  title?: string;
  /** The user has paid over it last. */
  isPreferred?: boolean;
  /** Short name of the account, by which a page may choose a picture or a title of its own. */
  code?: string;
}

/** Where a cashier is shown. */
export type CashierPlatform =
  | 'CASHIER_PLATFORM_UNSPECIFIED'
  | 'CASHIER_PLATFORM_WEB'
  | 'CASHIER_PLATFORM_MOBILE_WEB'
  | 'CASHIER_PLATFORM_IOS'
  | 'CASHIER_PLATFORM_ANDROID';

/** Asks for a payment. */
export interface GetPaymentRequest {
  /** Which. */
  paymentId: string;
}

/** The payment. */
export interface GetPaymentResponse {
  /** The payment. */
  payment?: Payment;
}

/** Asks for agreements. */
export interface ListAgreementTemplatesRequest {
  /** Most items wanted, 1 to 200; 0 for 50. */
  pageSize?: number;
  /** `next_page_token` of the page before; empty for the first. */
  pageToken?: string;
  /** Which agreement; empty for all. */
  code?: string;
  /** In which language they are wanted, as in ListCashierChannels. */
  locale?: string;
}

/** A page of agreements. */
export interface ListAgreementTemplatesResponse {
  /** The versions. */
  agreementTemplates?: AgreementTemplate[];
  /** Token of the next page; empty on the last. */
  nextPageToken?: string;
}

/** Asks what a cashier can offer. */
export interface ListCashierChannelsRequest {
  /** For which order. */
  orderId: string;
  /** Most items wanted, 1 to 200; 0 for 50. */
  pageSize?: number;
  /** `next_page_token` of the page before; empty for the first. */
  pageToken?: string;
  /** Where the cashier is shown. */
  platform?: CashierPlatform;
  /**
   * In which language agreements are wanted, such as `zh-CN`; empty, and where there is no such text, for the first one
   * of each.
   */
  locale?: string;
}

/** What a cashier can offer. */
export interface ListCashierChannelsResponse {
  /** Ways to pay, best first. */
  channels?: CashierChannel[];
  /** Token of the next page; empty on the last. */
  nextPageToken?: string;
  /**
   * Agreements to show besides, in their newest versions, that the user has not accepted yet, by code; on the first page.
   * Those of `AGREEMENT_DEMAND_REQUIRED` must be accepted before PayOrder begins a payment.
   */
  agreements?: AgreementTemplate[];
}

/** Money in. */
export interface Payment {
  /** `pay_...`, set by the platform. */
  paymentId?: string;
  /** The order that it pays; empty for none. */
  orderId?: string;
  /** Who pays. */
  userId?: string;
  /** Over which account. */
  channelAccountId?: string;
  /** Where it stands. */
  state?: PaymentState;
  /** How much. */
  amount?: Money;
  /** What the payer has to do, while it is `PENDING`. */
  action?: PaymentAction;
  /** The channel's id of the payment. */
  channelRef?: string;
  /** The channel's number of the movement of money. */
  channelTransaction?: string;
  /** Why it failed, in the channel's words. */
  failure?: string;
  /** It succeeded when its order could not take the money any more: it is to be refunded. */
  isLate?: boolean;
  /** Counts its changes, from 1 on. */
  version?: number;
  /** Until when it can be paid. */
  expireTime?: string;
  /** When it was created. */
  createTime?: string;
  /** When it last changed. */
  updateTime?: string;
  /** When the money arrived. */
  succeedTime?: string;
  /** What the channel keeps of the amount, in minor units, as it told when the payment succeeded; 0 before then. */
  feeMinor?: string;
  /** Of the amount, what its refunds have taken or will take, in minor units; those that failed do not count. */
  refundMinor?: string;
}

/** What the payer has to do. */
export interface PaymentAction {
  /** Address of the page on which to pay; empty when there is nothing to do. */
  redirectUrl?: string;
}

/** Where a payment stands. */
export type PaymentState =
  | 'PAYMENT_STATE_UNSPECIFIED'
  | 'PAYMENT_STATE_CREATED'
  | 'PAYMENT_STATE_PENDING'
  | 'PAYMENT_STATE_SUCCEEDED'
  | 'PAYMENT_STATE_FAILED'
  | 'PAYMENT_STATE_CLOSED'
  | 'PAYMENT_STATE_UNKNOWN';

/** Asks the channel. */
export interface QueryPaymentRequest {
  /** About which payment. */
  paymentId: string;
}

/** The payment as it is now. */
export interface QueryPaymentResponse {
  /** The payment. */
  payment?: Payment;
}

/** What a promotion took off a line. */
export interface AppliedPromotion {
  /** Which. */
  promotionId?: string;
  /** Its title at the time. */
  title?: string;
  /** What it took off the line's amount. */
  amount?: Money;
}

/** Asks whether a user is entitled. */
export interface CheckEntitlementRequest {
  /** Who; empty for a browser's own user. */
  userId?: string;
  /** To what. */
  spuId: string;
}

/** Whether the user is entitled. */
export interface CheckEntitlementResponse {
  /** Whether a lot is active now. */
  isEntitled?: boolean;
  /** When the last of the active and following lots ends; absent when never, or when not entitled. */
  endTime?: string;
  /** Pieces that remain in lots of kind `COUNT`. */
  remaining?: string;
}

/** What one fulfilled order line granted. */
export interface EntitlementLot {
  /** `lot_...`, set by the platform. */
  lotId?: string;
  /** Whose. */
  userId?: string;
  /** To what. */
  spuId?: string;
  /** By which SKU. */
  skuId?: string;
  /** By which order. */
  orderId?: string;
  /** By which line of it. */
  lineNo?: number;
  /** How it ends. */
  kind?: GrantKind;
  /** Whether it counts. */
  state?: LotState;
  /** Units of the line. */
  quantity?: string;
  /** Pieces granted, of a lot of kind `COUNT`. */
  granted?: string;
  /** Pieces left, of a lot of kind `COUNT`. */
  remaining?: string;
  /** From when on it counts. */
  startTime?: string;
  /** Until when; absent for no end. */
  endTime?: string;
  /** When it was granted. */
  createTime?: string;
}

/** Asks for a lot. */
export interface GetEntitlementRequest {
  /** Which. */
  lotId: string;
}

/** The lot. */
export interface GetEntitlementResponse {
  /** The lot. */
  lot?: EntitlementLot;
}

/** Asks for a quote. */
export interface GetQuoteRequest {
  /** Which. */
  quoteId: string;
}

/** The quote. */
export interface GetQuoteResponse {
  /** The quote. */
  quote?: Quote;
}

/** Asks for an SKU. */
export interface GetSkuRequest {
  /** Which. */
  skuId: string;
}

/** The SKU. */
export interface GetSkuResponse {
  /** The SKU. */
  sku?: Sku;
}

/** Asks for an SPU. */
export interface GetSpuRequest {
  /** Which. */
  spuId: string;
}

/** The SPU. */
export interface GetSpuResponse {
  /** The SPU. */
  spu?: Spu;
}

/** What one unit of an SKU grants. */
export interface Grant {
  /** How it ends. */
  kind?: GrantKind;
  /** Seconds of a DURATION (up to ten years), pieces of a COUNT; 0 for PERMANENT. */
  amount?: string;
}

/** How an entitlement ends. */
export type GrantKind =
  | 'GRANT_KIND_UNSPECIFIED'
  | 'GRANT_KIND_DURATION'
  | 'GRANT_KIND_COUNT'
  | 'GRANT_KIND_PERMANENT';

/** Asks for the lots of a user. */
export interface ListEntitlementsRequest {
  /** Most items wanted, 1 to 200; 0 for 50. */
  pageSize?: number;
  /** `next_page_token` of the page before; empty for the first. */
  pageToken?: string;
  /** Whose; empty for a browser's own. */
  userId?: string;
  /** Of which SPU; empty for all. */
  spuId?: string;
}

/** A page of lots. */
export interface ListEntitlementsResponse {
  /** The lots. */
  lots?: EntitlementLot[];
  /** Token of the next page; empty on the last. */
  nextPageToken?: string;
}

/** Whether a lot counts. */
export type LotState =
  | 'LOT_STATE_UNSPECIFIED'
  | 'LOT_STATE_ACTIVE'
  | 'LOT_STATE_RECALLED';

/** A binding price. */
export interface Quote {
  /** `quo_...`, set by the platform. */
  quoteId?: string;
  /** For which user. */
  userId?: string;
  /** Sum of the lines. */
  total?: Money;
  /** The lines. */
  lines?: QuoteLine[];
  /** Until when it binds. */
  expireTime?: string;
  /** The order that used it; empty while it is free. */
  orderId?: string;
  /** When it was made. */
  createTime?: string;
}

/** One priced line. */
export interface QuoteLine {
  /** Number in the quote, from 1 on. */
  lineNo?: number;
  /** What. */
  skuId?: string;
  /** The SPU of the SKU. */
  spuId?: string;
  /** Title at the time of the quote. */
  title?: string;
  /** How many units. */
  quantity?: string;
  /** Price of one unit. */
  unitPrice?: Money;
  /** Quantity x unit price, less what promotions took off. */
  amount?: Money;
  /** What promotions took off; none while there are no promotions. */
  promotions?: AppliedPromotion[];
}

/** One wanted line. */
export interface QuoteLineRequest {
  /** What. */
  skuId: string;
  /** How many units. */
  quantity: string | number;
}

/** Asks for a price. */
export interface QuotePriceRequest {
  /** Names the request for ever; a repeat is answered as the first one was. */
  requestId: string;
  /** For which user; empty for a browser's own. */
  userId?: string;
  /** In which currency. */
  currency: string;
  /** What is wanted. */
  lines: QuoteLineRequest[];
  /** Codes that the buyer gives, of promotions that ask for one. */
  couponCodes?: string[];
  /** Where the buyer is, a code of ISO 3166-1; empty when not known. Purchase rules may ask for it. */
  region?: string;
  /** The buyer's level, as the business counts levels; 0 when not known. Purchase rules may ask for it. */
  level?: number;
}

/** The quote made. */
export interface QuotePriceResponse {
  /** The quote. */
  quote?: Quote;
}

/** What is bought: a version of an SPU with a price, such as a month of membership. */
export interface Sku {
  /** `sku_...`, set by the platform. */
  skuId?: string;
  /** The SPU that it belongs to. */
  spuId?: string;
  /** Short name, unique in the business. */
  code?: string;
  /** Title for people. */
  title?: string;
  /** Whether it can be bought. */
  state?: SkuState;
  /** What one unit grants. */
  grant?: Grant;
  /** Changes with every change; send it back with an update. */
  etag?: string;
  /** When it was created. */
  createTime?: string;
  /** When it was last changed. */
  updateTime?: string;
}

/** Whether an SKU can be bought. */
export type SkuState =
  | 'SKU_STATE_UNSPECIFIED'
  | 'SKU_STATE_DRAFT'
  | 'SKU_STATE_PUBLISHED'
  | 'SKU_STATE_UNPUBLISHED';

/** A product as people know it, such as a membership: the thing that a user is entitled to. */
export interface Spu {
  /** `spu_...`, set by the platform. */
  spuId?: string;
  /** Short name, unique in the business. */
  code?: string;
  /** Title for people. */
  title?: string;
  /** Description for people. */
  description?: string;
  /** Whether it can be bought. */
  state?: SpuState;
  /** Changes with every change; send it back with an update. */
  etag?: string;
  /** When it was created. */
  createTime?: string;
  /** When it was last changed. */
  updateTime?: string;
}

/** Whether an SPU can be bought. */
export type SpuState =
  | 'SPU_STATE_UNSPECIFIED'
  | 'SPU_STATE_DRAFT'
  | 'SPU_STATE_PUBLISHED'
  | 'SPU_STATE_UNPUBLISHED';
