/* held_to.c: what every adapter is held to. It is compiled once for each: SHIM is a loop of that kind, as shim_epoll.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* usleep() and what the hosts' headers want; a C++ compiler may have defined it */
#endif

#include SHIM

#include "recorder.h"

#include "delivery.h"
#include "letting_go.h"
#include "forking.h"
#include "nesting.h"
#include "refusals.h"
#include "ending.h"

int main(void)
{
    TEST(of_10000_that_4_threads_complete_none_is_lost_and_none_comes_twice);
    TEST(two_loops_in_two_threads_do_not_mix);
    TEST(a_turn_serves_64_at_most_and_the_rest_comes_in_the_next);
    TEST(between_two_turns_of_a_full_report_another_gets_its_own);
    TEST(a_timer_comes_between_the_items_of_producers_that_never_pause);
    TEST(released_while_it_is_attached_it_costs_no_turns_and_still_serves);
    TEST(released_inside_the_callback_the_rest_still_comes);
    TEST(detached_inside_the_callback_nothing_comes_any_more_and_the_rest_stays);
    TEST(detached_and_attached_again_inside_the_callback_nothing_is_lost);
    TEST(detached_inside_the_callback_of_another_it_is_not_served_in_that_turn);
    TEST(a_descriptor_number_that_is_used_again_at_once_belongs_to_the_new_one);
    TEST(a_closed_report_ends_once_after_all_items_and_can_be_attached_again);
    TEST(an_open_report_that_is_empty_does_not_end);
    TEST(an_open_report_does_not_end_if_what_has_come_is_taken_out_in_the_same_turn);
    TEST(each_wake_comes);
    TEST(a_loop_that_idles_uses_no_processor_time);
    TEST(in_a_child_an_attached_report_serves_nothing_and_does_not_spin);
    TEST(a_child_may_attach_anew_and_detaching_the_parents_leaves_that_its_claim);
    TEST(a_function_that_runs_the_loop_is_called_inside_itself_where_the_loop_allows_it);
#ifdef SHIM_RUNS_AGAIN
    TEST(attached_while_its_loop_ends_it_is_served_if_that_runs_again);
#endif
    TEST(what_is_null_is_refused_and_changes_nothing);
    TEST(a_report_that_is_attached_is_refused_by_every_loop_until_it_is_detached);
    TEST(without_memory_attaching_fails_and_changes_nothing);
    TEST(without_descriptors_attaching_fails_and_changes_nothing);
    TEST(what_the_host_refuses_is_said_and_changes_nothing);
    return EXIT_SUCCESS;
}
