/* curl.c: transfers of libcurl as asynchrons, from a server of its own that is killed, slow, full, or not there. A shim
   has what drives them; all drivers are held to the same. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* as held_to.c */
#endif

#include SHIM

#include "curl_becoming.h"
#include "curl_full.h"
#include "curl_memory.h"
#include "curl_stopping.h"

int main(void)
{
    CHECK(begin_curl());
    server = start_server(0);
    TEST(the_value_is_the_body_whether_of_0_bytes_of_7_or_of_10_megabytes);
    TEST(the_body_is_not_copied);
    TEST(it_is_delivered_on_the_thread_outside_of_all_calls_of_libcurl_after_the_handle_is_given_back);
    TEST(what_libcurl_writes_to_a_connection_that_is_gone_ends_no_program);
    TEST(a_status_of_404_is_a_value_unless_failonerror_is_set);
    TEST(a_failure_has_the_code_and_the_message_of_libcurl);
    TEST(a_refused_connection_is_a_failure);
    TEST(what_libcurl_refuses_to_begin_is_a_failure);
    TEST(a_server_that_is_killed_in_the_middle_is_a_failure_and_its_successor_serves);
    TEST(at_a_server_that_is_full_a_deadline_or_a_cancel_ends_it_and_the_others_go_on);
    TEST(of_2000_on_8_connections_each_comes_once);
    TEST(many_threads_may_begin_at_once);
    TEST(a_handle_that_is_given_back_may_be_handed_over_again_at_once);
    TEST(cancelled_while_it_runs_its_connection_is_closed_within_a_second);
    TEST(expired_failed_or_delivered_by_others_it_is_stopped_as_well);
    TEST(wanted_by_nobody_any_more_it_is_stopped);
    TEST(cancelled_before_it_has_begun_it_never_begins);
    TEST(cancelled_and_not_told_of_yet_it_does_not_begin_either);
    TEST(a_cancel_and_the_body_at_the_same_time_are_one_of_both);
    TEST(released_with_100_under_way_all_are_broken_and_given_back);
    TEST(released_in_a_callback_of_its_own_it_ends_later_and_begins_nothing);
    TEST(begun_in_a_callback_of_the_release_it_is_broken_at_once);
    TEST(without_transfers_and_with_a_silent_one_the_thread_sleeps);
    TEST(what_is_null_is_refused_and_a_handle_freed_or_given_back);
    TEST(without_memory_nothing_begins_and_a_body_that_finds_none_is_a_failure);
    shim_tests();
    kill_server(&server);
    return EXIT_SUCCESS;
}
