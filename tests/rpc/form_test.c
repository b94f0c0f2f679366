/*
 * The form of requests: one table of values, each spoiling one rule, and the checks of raw bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "rpc/form.h"
#include "rpc/wire.h"

typedef Bmt__Test__V1__FormRequest FormRequest;
typedef Bmt__Test__V1__Item Item;

static char good_code[] = "a1";

static void item_init(Item *item)
{
    bmt__test__v1__item__init(item);
    item->code = good_code;
    item->quantity = 1;
}

/* A request that keeps every rule; tests spoil it. */
struct good {
    FormRequest request;
    Item item;
    Item list[5];
    Item *items[5];
    char *texts[3];
};

static void good_init(struct good *good)
{
    memset(good, 0, sizeof(*good));
    bmt__test__v1__form_request__init(&good->request);
    item_init(&good->item);
    for (int i = 0; i < 5; i++) {
        item_init(&good->list[i]);
        good->items[i] = &good->list[i];
    }
    good->request.name = good_code;
    good->request.must = 1;
    good->request.kind = BMT__TEST__V1__KIND__KIND_ONE;
    good->request.item = &good->item;
    good->request.items = good->items;
    good->request.own = good->items;
    good->request.texts = good->texts;
}

static void expect_form(struct good *good, enum err_id id, const char *first_value)
{
    struct err err = {0};
    int rc = form_check(&good->request.base, "", &err);

    if (rc != (int)id || strcmp(err_value(&err, 0), first_value) != 0)
        fail_msg("expected %s of %s, got %s of %s", id == 0 ? "nothing" : err_info(id)->reason, first_value,
                 rc == 0 ? "nothing" : err_info((enum err_id)rc)->reason, err_value(&err, 0));
}

static void good_request_passes(void **state)
{
    struct good good;

    (void)state;
    good_init(&good);
    expect_form(&good, ERR_NONE, "");
}

/* Text fields, by the place of their pointer. */
static void text_rules(void **state)
{
    static const struct {
        const char *field;
        const char *value;
        enum err_id id;
    } rows[] = {
        /* field      value                        refusal */
        {"name", "", ERR_FIELD_REQUIRED},
        {"name", "0123456789", ERR_NONE},
        {"name", "0123456789a", ERR_FIELD_TOO_LONG},
        {"name", "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", ERR_NONE},
        {"order_id", "", ERR_NONE},
        {"order_id", "ord_0000000000001", ERR_NONE},
        {"order_id", "pay_0000000000001", ERR_FIELD_MALFORMED},
        {"order_id", "ord_000000000000", ERR_FIELD_MALFORMED},
        {"order_id", "ord_00000000000011", ERR_FIELD_MALFORMED},
        {"order_id", "ord_000000000000u", ERR_FIELD_MALFORMED},
        {"currency", "EUR", ERR_NONE},
        {"currency", "eur", ERR_FIELD_MALFORMED},
        {"currency", "EURO", ERR_FIELD_MALFORMED},
        {"currency", "XQX", ERR_FIELD_MALFORMED},
        {"url", "https://a.example/x?y=1#z", ERR_NONE},
        {"url", "http://a.example/", ERR_FIELD_MALFORMED},
        {"url", "ftp://a.example/", ERR_FIELD_MALFORMED},
        {"url", "https://", ERR_FIELD_MALFORMED},
        {"url", "https:///x", ERR_FIELD_MALFORMED},
        {"url", "https://a b", ERR_FIELD_MALFORMED},
        {"url", "https://a\r\nX: y", ERR_FIELD_MALFORMED},
        {"token", "aZ09._-:", ERR_NONE},
        {"token", "a b", ERR_FIELD_MALFORMED},
        {"token", "a/b", ERR_FIELD_MALFORMED},
        {"line",
         "Gr\xc3\xbc\xc3\x9f"
         "e, 1 \xe2\x82\xac",
         ERR_NONE},
        {"line", "a\nb", ERR_FIELD_MALFORMED},
        {"line", "a\x1b[31m", ERR_FIELD_MALFORMED},
        {"line", "a\x7f", ERR_FIELD_MALFORMED},
        {"line", "a\xc2\x85", ERR_FIELD_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct good good;
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(&bmt__test__v1__form_request__descriptor, rows[i].field);

        good_init(&good);
        *(const char **)(void *)((char *)&good.request + field->offset) = rows[i].value;
        expect_form(&good, rows[i].id, rows[i].id == ERR_NONE ? "" : rows[i].field);
    }
}

static void codes_begin_with_a_letter(void **state)
{
    static const struct {
        const char *code;
        enum err_id id;
    } rows[] = {
        {"a", ERR_NONE},
        {"a-1.b_c:d", ERR_FIELD_TOO_LONG},
        {"a-1.b_c:", ERR_NONE},
        {"1a", ERR_FIELD_MALFORMED},
        {"A", ERR_FIELD_MALFORMED},
        {"aB", ERR_FIELD_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct good good;

        good_init(&good);
        good.item.code = (char *)(uintptr_t)rows[i].code;
        expect_form(&good, rows[i].id, rows[i].id == ERR_NONE ? "" : "item.code");
    }
}

static void number_rules(void **state)
{
    static const struct {
        int64_t number;
        uint32_t must;
        int32_t quantity;
        enum err_id id;
        const char *field;
    } rows[] = {
        /* number   must        quantity */
        {0, 1, 1, ERR_NONE, ""},
        {5, UINT32_MAX, 10, ERR_NONE, ""},
        {9, 1, 1, ERR_NONE, ""},
        {4, 1, 1, ERR_FIELD_OUT_OF_RANGE, "number"},
        {10, 1, 1, ERR_FIELD_OUT_OF_RANGE, "number"},
        {INT64_MIN, 1, 1, ERR_FIELD_OUT_OF_RANGE, "number"},
        {5, 0, 1, ERR_FIELD_REQUIRED, "must"},
        {5, 1, 0, ERR_FIELD_REQUIRED, "item.quantity"},
        {5, 1, -1, ERR_FIELD_OUT_OF_RANGE, "item.quantity"},
        {5, 1, 11, ERR_FIELD_OUT_OF_RANGE, "item.quantity"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct good good;

        good_init(&good);
        good.request.number = rows[i].number;
        good.request.must = rows[i].must;
        good.item.quantity = rows[i].quantity;
        expect_form(&good, rows[i].id, rows[i].field);
    }
}

static void messages_and_enums(void **state)
{
    struct good good;

    (void)state;
    good_init(&good);
    good.request.item = NULL;
    expect_form(&good, ERR_FIELD_REQUIRED, "item");
    good_init(&good);
    good.request.kind = (Bmt__Test__V1__Kind)0;
    expect_form(&good, ERR_FIELD_REQUIRED, "kind");
    good.request.kind = (Bmt__Test__V1__Kind)7;
    expect_form(&good, ERR_FIELD_ENUM_UNKNOWN, "kind");
}

static void lists(void **state)
{
    static char long_text[] = "123456";
    struct good good;

    (void)state;
    good_init(&good);
    good.request.n_items = 3;
    expect_form(&good, ERR_NONE, "");
    good.request.n_items = 4;
    expect_form(&good, ERR_FIELD_TOO_MANY, "items");
    good.request.n_items = 3;
    good.list[2].quantity = 11;
    expect_form(&good, ERR_FIELD_OUT_OF_RANGE, "items[2].quantity");

    good_init(&good);
    good.list[0].quantity = 11;
    good.request.n_own = 3; /* the service checks these itself */
    expect_form(&good, ERR_NONE, "");
    good.request.n_own = 4;
    expect_form(&good, ERR_FIELD_TOO_MANY, "own");

    good_init(&good);
    good.texts[0] = good_code;
    good.texts[1] = long_text;
    good.request.n_texts = 2;
    expect_form(&good, ERR_FIELD_TOO_LONG, "texts[1]");
    good.texts[1] = (char *)(uintptr_t) "";
    expect_form(&good, ERR_FIELD_REQUIRED, "texts[1]");
    good.request.n_texts = 3;
    expect_form(&good, ERR_FIELD_TOO_MANY, "texts");
}

static void only_the_chosen_member_of_a_oneof_counts(void **state)
{
    struct good good;

    (void)state;
    good_init(&good);
    good.request.choice_case = BMT__TEST__V1__FORM_REQUEST__CHOICE_CHOICE_CODE;
    good.request.choice_code = (char *)(uintptr_t) "";
    expect_form(&good, ERR_FIELD_REQUIRED, "choice_code");
    good.request.choice_case = BMT__TEST__V1__FORM_REQUEST__CHOICE_CHOICE_NUMBER;
    good.request.choice_number = 3;
    expect_form(&good, ERR_FIELD_OUT_OF_RANGE, "choice_number");
    good.request.choice_number = 2;
    expect_form(&good, ERR_NONE, "");
}

static void bytes_are_bounded(void **state)
{
    struct good good;

    (void)state;
    good_init(&good);
    good.request.blob = (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t) "12345", .len = 4};
    expect_form(&good, ERR_NONE, "");
    good.request.blob.len = 5;
    expect_form(&good, ERR_FIELD_TOO_LONG, "blob");
}

static void path_is_put_before_names(void **state)
{
    Item item;
    struct err err = {0};

    (void)state;
    item_init(&item);
    item.quantity = 0;
    assert_int_equal(form_check(&item.base, "orders[3].", &err), ERR_FIELD_REQUIRED);
    assert_string_equal(err_value(&err, 0), "orders[3].quantity");
}

/* Field numbers: item 10 (0x52), items 11 (0x5a), texts 13 (0x6a), code 1 (0x0a), name 1 (0x0a). */
static void raw_bytes(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum err_id id;
        const char *value;
    } rows[] = {
        {"", 0, ERR_NONE, ""},
        {"\x0a\x01"
         "a",
         3, ERR_NONE, ""},
        {"\x0a\x01\xff", 3, ERR_FIELD_NOT_UTF8, "name"},
        {"\x0a\x03"
         "a\0b",
         5, ERR_FIELD_NOT_UTF8, "name"},
        {"\x0a\x02\xc0\x80", 4, ERR_FIELD_NOT_UTF8, "name"},
        {"\x0a\x03\xed\xa0\x80", 5, ERR_FIELD_NOT_UTF8, "name"},
        {"\x52\x03\x0a\x01\xff", 5, ERR_FIELD_NOT_UTF8, "item.code"},
        {"\x5a\x00\x5a\x00\x5a\x03\x0a\x01\xff", 9, ERR_FIELD_NOT_UTF8, "items[2].code"},
        {"\x6a\x01"
         "a\x6a\x01\xfe",
         6, ERR_FIELD_NOT_UTF8, "texts[1]"},
        {"\x5a\x00\x6a\x01\xfe", 5, ERR_FIELD_NOT_UTF8, "texts[0]"},
        {"\x72\x01\xff", 3, ERR_NONE, ""}, /* bytes take anything */
        {"\x0a\x05"
         "a",
         3, ERR_MESSAGE_MALFORMED, "bmt.test.v1.FormRequest"},
        {"\x0a", 1, ERR_MESSAGE_MALFORMED, "bmt.test.v1.FormRequest"},
        {"\x00\x01", 2, ERR_MESSAGE_MALFORMED, "bmt.test.v1.FormRequest"},
        {"\x0b\x0c", 2, ERR_MESSAGE_MALFORMED, "bmt.test.v1.FormRequest"}, /* a group */
        {"\x38\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, ERR_MESSAGE_MALFORMED, "bmt.test.v1.FormRequest"},
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, ERR_MESSAGE_MALFORMED, "bmt.test.v1.FormRequest"},
        {"\x08\x01", 2, ERR_MESSAGE_MALFORMED, "bmt.test.v1.FormRequest"}, /* wrong type */
        {"\x9a\x3f\x01\xff", 4, ERR_NONE, ""},                             /* an unknown field is let be */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 20);
        const ProtobufCMessage *message = NULL;
        struct err err = {0};
        int rc = wire_unpack(&bmt__test__v1__form_request__descriptor, (const uint8_t *)rows[i].bytes, rows[i].size,
                             1 << 19, arena, &message, &err);

        if (rc != (int)rows[i].id || strcmp(err_value(&err, 0), rows[i].value) != 0)
            fail_msg("row %zu: got %d of %s", i, rc, err_value(&err, 0));
        assert_int_equal(rc == 0, message != NULL);
    }
}

/* google.protobuf.DescriptorProto can hold itself: nested_type is field 3 (0x1a). */
static void depth_is_bounded(void **state)
{
    uint8_t bytes[64] = {0};
    struct err err = {0};

    (void)state;
    for (size_t depth = 1; depth <= 30; depth++) {
        for (size_t i = 0; i < depth; i++) {
            bytes[2 * i] = 0x1a;
            bytes[2 * i + 1] = (uint8_t)(2 * (depth - 1 - i));
        }
        int rc = wire_check(&google__protobuf__descriptor_proto__descriptor, bytes, 2 * depth, &err);
        assert_int_equal(rc, depth < WIRE_DEPTH_MAX ? 0 : ERR_MESSAGE_MALFORMED);
    }
}

static void number_of_fields_is_bounded(void **state)
{
    static uint8_t bytes[2 * (WIRE_FIELDS_MAX + 1)];
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i += 2)
        bytes[i] = 0x5a;
    assert_int_equal(wire_check(&bmt__test__v1__form_request__descriptor, bytes, sizeof(bytes) - 2, &err), 0);
    assert_int_equal(wire_check(&bmt__test__v1__form_request__descriptor, bytes, sizeof(bytes), &err),
                     ERR_MESSAGE_TOO_LARGE);
}

static void unpacked_size_is_bounded(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 20);
    static uint8_t bytes[2 * 1000];
    const ProtobufCMessage *message = NULL;
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i += 2)
        bytes[i] = 0x5a;
    assert_int_equal(
        wire_unpack(&bmt__test__v1__form_request__descriptor, bytes, sizeof(bytes), 10000, arena, &message, &err),
        ERR_MESSAGE_TOO_LARGE);
    assert_string_equal(err_value(&err, 0), "10000");
    assert_true(arena_used(arena) <= 16384);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_request_passes),
        cmocka_unit_test(text_rules),
        cmocka_unit_test(codes_begin_with_a_letter),
        cmocka_unit_test(number_rules),
        cmocka_unit_test(messages_and_enums),
        cmocka_unit_test(lists),
        cmocka_unit_test(only_the_chosen_member_of_a_oneof_counts),
        cmocka_unit_test(bytes_are_bounded),
        cmocka_unit_test(path_is_put_before_names),
        cmocka_unit_test(raw_bytes),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(number_of_fields_is_bounded),
        cmocka_unit_test(unpacked_size_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
