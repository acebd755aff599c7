/* nats.c: asynchrons over NATS, with a real server, and with workers and callers that are processes of their own. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* as held_to.c */
#endif

#include "nats_becoming.h"
#include "nats_ending.h"
#include "nats_jetstream.h"
#include "nats_lasting.h"
#include "nats_refusals.h"

int main(int argc, char **argv)
{
    self_path = argv[0];
    if (argc == 4)
        return other_process(argv[1], argv[2], argv[3]);
    port = free_port();
    snprintf(url, sizeof url, "nats://127.0.0.1:%d", port);
    start_server();
    TEST(the_value_is_the_answer_whether_of_0_bytes_of_7_or_of_a_megabyte);
    TEST(what_is_over_max_payload_is_a_failure_on_both_ways);
    TEST(a_failure_has_the_code_the_domain_and_the_message_of_the_worker);
    TEST(a_cancel_by_the_worker_comes_with_its_reason);
    TEST(what_cannot_be_sent_or_is_never_delivered_is_a_failure);
    TEST(without_a_worker_it_fails_at_once);
    TEST(a_plain_responder_can_be_asked_and_a_plain_client_can_ask);
    TEST(of_4000_from_8_threads_each_gets_its_own_and_each_worker_some);
    TEST(a_cancel_by_the_caller_reaches_the_worker_as_does_every_other_end);
    TEST(a_worker_that_is_killed_or_stopped_is_noticed_in_a_few_beats_and_another_serves);
    TEST(a_caller_that_is_killed_is_noticed_in_a_few_beats);
    TEST(over_a_server_that_is_restarted_what_lasts_is_answered_and_what_is_asked_meanwhile);
    TEST(when_the_connection_is_closed_destroyed_or_drained_what_is_pending_fails);
    TEST(when_the_workers_connection_is_closed_what_it_computes_is_cancelled);
    TEST(stopped_a_worker_answers_what_it_has_and_released_it_fails_that);
    TEST(on_an_executor_that_is_shut_down_requests_fail);
    TEST(work_of_more_than_three_beats_is_waited_for);
    TEST(a_plain_responder_that_takes_longer_is_given_up_unless_there_are_no_beats);
    TEST(on_threads_that_connections_share_it_is_the_same);
    TEST(a_worker_can_be_stopped_while_the_server_is_away);
    TEST(over_a_connection_that_was_never_made_it_fails_at_once_and_without_beats_it_is_kept);
    TEST(two_files_of_a_program_may_use_one_connection_and_one_worker);
    TEST(without_requests_nobody_looks_at_beats);
    TEST(a_cancel_and_the_answer_at_the_same_time_are_one_of_both);
    TEST(with_jetstream_work_comes_again_until_it_is_acknowledged);
    TEST(what_is_null_or_no_subject_is_refused_and_a_context_dropped);
    TEST(without_memory_nothing_begins_and_a_worker_says_so);
    TEST(whichever_memory_is_missing_a_request_fails_or_is_none);
    ended(server);
    nats_CloseAndWait(60000);
    return EXIT_SUCCESS;
}
