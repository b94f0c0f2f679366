/*
 * HandleNotification: a channel says that something happened.
 *
 *   1. read    the account, the signature over the raw body, the payment; a notification that was applied before is
 *              answered at once.
 *   2. ask     the channel is asked for the truth: a notification alone moves no money.
 *   3. apply   the channel's answer and the notification's record in one transaction; only then it is acknowledged.
 */
#ifndef BMT_FLOWS_HANDLE_NOTIFICATION_H
#define BMT_FLOWS_HANDLE_NOTIFICATION_H

#include "rpc/service.h"

void handle_notification_handle(struct lane *lane, struct call **calls, size_t n);

#endif
