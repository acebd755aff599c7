/* pq.c: queries of PostgreSQL as asynchrons, from a server of its own that is killed, slow, full, or not there. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* as held_to.c */
#endif

#include "pq_becoming.h"
#include "pq_connecting.h"
#include "pq_ending.h"
#include "pq_losing.h"
#include "pq_stopping.h"
#include "pq_transactions.h"

int main(void)
{
    TEST(the_value_is_the_result_which_outlives_all_and_prints_nothing);
    TEST(a_result_may_be_taken_out);
    TEST(parameters_are_copied_texts_bytes_and_null);
    TEST(a_query_and_a_result_of_20_megabytes_come_whole);
    TEST(of_many_statements_the_last_result_counts_or_the_first_failure);
    TEST(a_failure_has_the_sqlstate_the_message_and_the_result);
    TEST(a_code_is_a_sqlstate_as_the_server_counts_them);
    TEST(notices_are_not_printed_and_notifications_do_no_harm);
    TEST(copy_is_refused_and_wedges_nothing);
    TEST(on_one_connection_they_keep_their_order_and_their_session);
    TEST(another_file_of_the_program_may_ask_and_release);
    TEST(of_2000_over_4_connections_each_comes_once);
    TEST(many_threads_may_ask_at_once);
    TEST(cancelled_while_it_waits_it_never_begins);
    TEST(cancelled_and_not_told_of_yet_it_does_not_begin_either);
    TEST(only_one_that_waits_is_taken_out_by_cancel_pending);
    TEST(cancelled_while_it_runs_the_server_stops_and_the_connection_serves_on);
    TEST(expired_failed_or_delivered_by_others_it_is_stopped_as_well);
    TEST(released_it_goes_on_unless_that_is_to_stop_it);
    TEST(a_cancel_that_comes_too_late_never_meets_the_next_query);
    TEST(no_query_begins_on_a_connection_of_which_a_request_has_not_returned);
    TEST(held_up_requests_hold_up_no_other_query);
    TEST(if_the_server_cannot_be_asked_the_connection_is_given_up);
    TEST(a_cancel_that_comes_too_early_is_made_again);
    TEST(a_transaction_that_has_failed_is_rolled_back_and_fails_no_other_query);
    TEST(a_transaction_that_was_stopped_is_rolled_back_and_lets_go_of_its_locks);
    TEST(a_transaction_that_is_left_open_is_rolled_back_if_there_are_others);
    TEST(a_connection_that_cannot_roll_back_is_closed);
    TEST(released_while_it_rolls_back_it_ends);
    TEST(with_one_connection_a_transaction_is_left_to_the_user_also_when_it_has_failed);
    TEST(released_all_that_runs_or_waits_is_broken_and_the_server_stops);
    TEST(released_it_asks_again_if_nothing_comes_of_a_request);
    TEST(released_while_it_connects_or_without_a_query_it_ends);
    TEST(it_leaves_no_descriptor_and_says_so_if_there_is_none);
    TEST(callbacks_run_on_the_thread_and_may_ask);
    TEST(of_a_query_that_was_stopped_callbacks_run_where_it_was);
    TEST(released_in_a_callback_of_its_own_it_ends_later_and_begins_nothing);
    TEST(released_in_a_callback_of_a_cancel_or_a_time_limit_it_ends);
    TEST(asked_in_a_callback_of_the_release_it_is_broken_at_once);
    TEST(a_cancel_and_the_result_at_the_same_time_are_one_of_both);
    TEST(without_queries_and_with_a_slow_one_the_thread_sleeps);
    TEST(what_is_null_or_no_query_is_refused);
    TEST(without_memory_nothing_begins_and_a_failure_keeps_its_code);
    TEST(a_refused_connection_fails_its_query_with_the_message_of_libpq);
    TEST(refused_at_once_all_that_wait_fail);
    TEST(of_two_addresses_the_one_that_is_not_refused_serves);
    TEST(a_query_that_the_server_does_not_read_holds_up_no_other);
    TEST(connect_timeout_holds_and_so_does_the_time_limit_of_a_query);
    TEST(a_connection_that_was_late_fails_no_query_that_came_later);
    TEST(one_that_hangs_holds_up_no_query_if_another_can_be_made);
    TEST(if_all_hang_one_is_given_up_for_a_query_that_comes_later);
    TEST(with_one_that_hangs_after_one_was_refused_the_thread_sleeps);
    TEST(refused_while_another_is_made_no_query_fails);
    TEST(refused_at_once_while_another_is_made_no_query_fails);
    TEST(refused_one_after_another_all_fail);
    TEST(of_a_terminated_backend_the_first_result_tells_why_once);
    TEST(lost_without_a_query_a_connection_is_replaced_and_none_fails);
    TEST(lost_while_the_thread_was_busy_it_is_noticed_before_the_next_query);
    TEST(a_backend_that_is_killed_is_a_failure_and_later_all_is_well);
    TEST(a_server_that_stops_in_the_middle_is_a_failure_and_serves_when_it_is_back);
    TEST(of_a_full_server_the_connections_that_are_there_serve_all);
    TEST(a_connection_of_which_the_query_was_cancelled_serves_the_next);
    TEST(a_server_that_hears_no_request_holds_the_release_up_for_a_second_alone);
    PQfinish(side);
    return EXIT_SUCCESS;
}
