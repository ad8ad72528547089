/* k_calendar.h - the builtin functions on timestamps and durations.
 *
 * A zone is "UTC" or an offset such as "+08:00"; anything else is FLOW_E_argument. */
#ifndef FLOW_KERNEL_K_CALENDAR_H
#define FLOW_KERNEL_K_CALENDAR_H

#include "runtime/kernel/k_value.h"

int64_t flow_k_fn_year(int64_t t);
int64_t flow_k_fn_month(int64_t t);
int64_t flow_k_fn_day(int64_t t);
int64_t flow_k_fn_hour(int64_t t);
int64_t flow_k_fn_minute(int64_t t);
int64_t flow_k_fn_second(int64_t t);
int64_t flow_k_fn_weekday(int64_t t);

int32_t flow_k_fn_year_zone(flow_ctx *ctx, uint64_t *out, int64_t t, const uint8_t *zone,
                            int64_t zone_len);
int32_t flow_k_fn_month_zone(flow_ctx *ctx, uint64_t *out, int64_t t, const uint8_t *zone,
                             int64_t zone_len);
int32_t flow_k_fn_day_zone(flow_ctx *ctx, uint64_t *out, int64_t t, const uint8_t *zone,
                           int64_t zone_len);
int32_t flow_k_fn_hour_zone(flow_ctx *ctx, uint64_t *out, int64_t t, const uint8_t *zone,
                            int64_t zone_len);
int32_t flow_k_fn_minute_zone(flow_ctx *ctx, uint64_t *out, int64_t t,
                              const uint8_t *zone, int64_t zone_len);
int32_t flow_k_fn_second_zone(flow_ctx *ctx, uint64_t *out, int64_t t,
                              const uint8_t *zone, int64_t zone_len);
int32_t flow_k_fn_weekday_zone(flow_ctx *ctx, uint64_t *out, int64_t t,
                               const uint8_t *zone, int64_t zone_len);

int64_t flow_k_fn_epoch_millis(int64_t t);
int64_t flow_k_fn_millis(int64_t d);
double flow_k_fn_seconds(int64_t d);
int32_t flow_k_fn_floor_time(flow_ctx *ctx, uint64_t *out, int64_t t, int64_t d);

int32_t flow_k_fn_format_time(flow_ctx *ctx, uint64_t *out, int64_t t,
                              const uint8_t *format, int64_t format_len,
                              const uint8_t *zone, int64_t zone_len);
int32_t flow_k_fn_parse_time(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len,
                             const uint8_t *format, int64_t format_len,
                             const uint8_t *zone, int64_t zone_len);

#endif
