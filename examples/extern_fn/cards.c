/* cards.c - two functions for main.flow, as a shared library. */
#include <flow/extern.h>
#include <string.h>

/* The check digit of Luhn.  A number with other characters is no number: its row fails. */
int32_t luhn(int32_t *out, const char *number, int64_t length) {
    int sum = 0;
    for (int64_t i = 0; i < length; i++) {
        char c = number[length - 1 - i];
        if (c < '0' || c > '9') return FLOW_ROW_FAILED;
        int digit = (c - '0') << (i & 1);
        sum += digit > 9 ? digit - 9 : digit;
    }
    *out = length > 0 && sum % 10 == 0;
    return FLOW_OK;
}

/* Stars for all but the last digits.  The text lies in a buffer of this thread. */
int32_t mask(flow_text *out, const char *number, int64_t length, int64_t shown) {
    static _Thread_local char buffer[64];
    if (length > (int64_t)sizeof buffer || shown < 0) return FLOW_ROW_FAILED;
    memcpy(buffer, number, (size_t)length);
    for (int64_t i = 0; i < length - shown; i++) buffer[i] = '*';
    out->data = buffer;
    out->length = length;
    return FLOW_OK;
}
