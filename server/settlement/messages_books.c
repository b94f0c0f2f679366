/* Messages of the books; see messages_books.h. */
#include "settlement/messages_books.h"

#include "rpc/proto.h"

bool account_subject(int32_t account, enum id_kind *ret_kind)
{
    switch (account) {
    case ACCOUNT_CHANNEL_RECEIVABLE:
    case ACCOUNT_CHANNEL_FEES:
    case ACCOUNT_DISPUTES:
    case ACCOUNT_PAYOUT_IN_TRANSIT: *ret_kind = ID_CHANNEL_ACCOUNT; return true;
    case ACCOUNT_PARTNER_PAYABLE: *ret_kind = ID_PARTNER; return true;
    default: return false;
    }
}

static char *subject_text(int32_t account, int64_t subject_id, struct arena *arena)
{
    enum id_kind kind;

    return account_subject(account, &kind) ? proto_id(kind, subject_id, arena) : proto_text("");
}

static enum id_kind source_kind(int32_t transfer_kind)
{
    switch (transfer_kind) {
    case TRANSFER_PAYMENT: return ID_PAYMENT;
    case TRANSFER_REFUND:
    case TRANSFER_REVERSAL: return ID_REFUND;
    case TRANSFER_CLEARING: return ID_ORDER;
    case TRANSFER_ADJUSTMENT: return ID_ADJUSTMENT;
    case TRANSFER_DISPUTE:
    case TRANSFER_DISPUTE_WON:
    case TRANSFER_DISPUTE_LOST:
    case TRANSFER_DISPUTE_FEE:
    case TRANSFER_DISPUTE_FEE_RETURNED: return ID_DISPUTE;
    default: return ID_PAYOUT;
    }
}

static enum id_kind id_kind_of_source(int32_t entry_kind)
{
    switch (entry_kind) {
    case ENTRY_ADJUSTMENT: return ID_ADJUSTMENT;
    case ENTRY_DISPUTE: return ID_DISPUTE;
    default: return ID_REFUND;
    }
}

Bmt__Settlement__V1__ClearingEntry *entry_message(const struct clearing_entry_row *row, struct arena *arena)
{
    Bmt__Settlement__V1__ClearingEntry *entry = arena_new_of(arena, Bmt__Settlement__V1__ClearingEntry);

    bmt__settlement__v1__clearing_entry__init(entry);
    entry->entry_id = proto_id(ID_ENTRY, row->entry_id, arena);
    entry->partner_id = proto_id(ID_PARTNER, row->partner_id, arena);
    entry->order_id = proto_id(ID_ORDER, row->order_id, arena);
    entry->line_no = row->line_no;
    entry->kind = (Bmt__Settlement__V1__EntryKind)row->kind;
    entry->state = (Bmt__Settlement__V1__EntryState)row->state;
    entry->amount_minor = row->amount_minor;
    entry->currency = proto_text(row->currency);
    entry->source_id = proto_id(id_kind_of_source(row->kind), row->source_id, arena);
    entry->reverses_entry_id = proto_id(ID_ENTRY, row->reverses_entry_id, arena);
    entry->claw_back_payout_id = proto_id(ID_PAYOUT, row->claw_back_payout_id, arena);
    entry->statement_id = proto_id(ID_PARTNER_STATEMENT, row->statement_id, arena);
    entry->payable_time = proto_time(row->payable_time_ms, arena);
    entry->create_time = proto_time(row->create_time_ms, arena);
    return entry;
}

Bmt__Settlement__V1__Clearing *clearing_message(const struct clearing *line, struct arena *arena)
{
    const struct clearing_row *row = &line->row;
    Bmt__Settlement__V1__Clearing *clearing = arena_new_of(arena, Bmt__Settlement__V1__Clearing);

    bmt__settlement__v1__clearing__init(clearing);
    clearing->order_id = proto_id(ID_ORDER, row->order_id, arena);
    clearing->line_no = row->line_no;
    clearing->state = (Bmt__Settlement__V1__ClearingState)row->state;
    clearing->sku_id = proto_id(ID_SKU, row->sku_id, arena);
    clearing->split_rule_id = proto_id(ID_SPLIT_RULE, row->rule_id, arena);
    clearing->amount = proto_money(row->amount_minor, row->currency, arena);
    clearing->fee_minor = row->fee_minor;
    clearing->refunded_minor = row->refunded_minor;
    clearing->disputed_minor = row->disputed_minor;
    clearing->platform_minor = row->platform_minor;
    clearing->n_entries = line->n_entries;
    clearing->entries = arena_array_of(arena, Bmt__Settlement__V1__ClearingEntry *, line->n_entries);
    for (size_t i = 0; i < line->n_entries; i++)
        clearing->entries[i] = entry_message(&line->entries[i], arena);
    clearing->sale_time = proto_time(row->sale_time_ms, arena);
    clearing->clear_time = proto_time(row->clear_time_ms, arena);
    return clearing;
}

Bmt__Settlement__V1__Posting *posting_message(const struct posting_row *row, struct arena *arena)
{
    Bmt__Settlement__V1__Posting *posting = arena_new_of(arena, Bmt__Settlement__V1__Posting);

    bmt__settlement__v1__posting__init(posting);
    posting->transfer_id = proto_id(ID_TRANSFER, row->transfer_id, arena);
    posting->posting_no = row->posting_no;
    posting->kind = (Bmt__Settlement__V1__AccountKind)row->account;
    posting->subject_id = subject_text(row->account, row->subject_id, arena);
    posting->amount_minor = row->amount_minor;
    posting->currency = proto_text(row->currency);
    posting->create_time = proto_time(row->create_time_ms, arena);
    return posting;
}

Bmt__Settlement__V1__Transfer *transfer_message(const struct transfer_row *row, const struct posting_row *postings,
                                                size_t n, struct arena *arena)
{
    Bmt__Settlement__V1__Transfer *transfer = arena_new_of(arena, Bmt__Settlement__V1__Transfer);

    bmt__settlement__v1__transfer__init(transfer);
    transfer->transfer_id = proto_id(ID_TRANSFER, row->transfer_id, arena);
    transfer->kind = (Bmt__Settlement__V1__TransferKind)row->kind;
    transfer->source_id = proto_id(source_kind(row->kind), row->source_id, arena);
    transfer->source_no = row->source_no;
    transfer->n_postings = n;
    transfer->postings = arena_array_of(arena, Bmt__Settlement__V1__Posting *, n);
    for (size_t i = 0; i < n; i++)
        transfer->postings[i] = posting_message(&postings[i], arena);
    transfer->chain = row->chain;
    transfer->chain_seq = row->chain_seq;
    transfer->hash.len = TRANSFER_HASH_SIZE;
    transfer->hash.data = (uint8_t *)(uintptr_t)row->hash; /* message fields are never written through */
    transfer->note = proto_text(row->note);
    transfer->create_time = proto_time(row->create_time_ms, arena);
    return transfer;
}

Bmt__Settlement__V1__AccountBalance *balance_message(const struct account_sum *sum, struct arena *arena)
{
    Bmt__Settlement__V1__AccountBalance *balance = arena_new_of(arena, Bmt__Settlement__V1__AccountBalance);

    bmt__settlement__v1__account_balance__init(balance);
    balance->kind = (Bmt__Settlement__V1__AccountKind)sum->account;
    balance->subject_id = subject_text(sum->account, sum->subject_id, arena);
    balance->currency = proto_text(sum->currency);
    balance->debit_minor = sum->debit_minor;
    balance->credit_minor = sum->credit_minor;
    balance->balance_minor = sum->debit_minor - sum->credit_minor;
    balance->postings = sum->posting_count;
    return balance;
}

static Bmt__Settlement__V1__AgeShare *age_message(const char *age, const struct age_share *share, struct arena *arena)
{
    Bmt__Settlement__V1__AgeShare *message = arena_new_of(arena, Bmt__Settlement__V1__AgeShare);

    bmt__settlement__v1__age_share__init(message);
    message->age = proto_text(age);
    message->amount_minor = share->amount_minor;
    message->items = share->items;
    return message;
}

/* Ages at which nothing is open are left out. */
Bmt__Settlement__V1__ClearingAccount *open_account_message(const struct open_account *account, struct arena *arena)
{
    static const char *const ages[AGE_COUNT] = {"1d", "7d", "30d", "old"};
    Bmt__Settlement__V1__ClearingAccount *message = arena_new_of(arena, Bmt__Settlement__V1__ClearingAccount);

    bmt__settlement__v1__clearing_account__init(message);
    message->kind = (Bmt__Settlement__V1__AccountKind)account->sum.account;
    message->subject_id = subject_text(account->sum.account, account->sum.subject_id, arena);
    message->currency = proto_text(account->sum.currency);
    message->balance_minor = account->sum.debit_minor - account->sum.credit_minor;
    message->explained_minor = account->explained_minor;
    message->unexplained_minor = message->balance_minor - account->explained_minor;
    message->ages = arena_array_of(arena, Bmt__Settlement__V1__AgeShare *, AGE_COUNT);
    for (int i = 0; i < AGE_COUNT; i++)
        if (account->ages[i].items > 0)
            message->ages[message->n_ages++] = age_message(ages[i], &account->ages[i], arena);
    return message;
}
