//! Tables of a test, so that what other tests do with that of the process does not count.

use super::rows::LINE;
use super::*;

#[test]
fn every_number_has_a_place_of_its_own() {
    let mut expected = (0, 0);
    for number in 0..100_000 {
        assert_eq!(Table::chunk_and_index(number), expected, "{number}");
        expected.1 += 1;
        if expected.1 == Table::len(expected.0) {
            expected = (expected.0 + 1, 0);
        }
    }
    let last = u32::MAX - FIRST;
    assert_eq!(Table::chunk_and_index(last), (CHUNKS - 1, Table::len(CHUNKS - 1) - 1));
    assert_eq!(Table::chunk_and_index(last + 1), (CHUNKS, 0), "there is none");
}

fn take(table: &Table, list: usize, rows: usize) -> Vec<&TokenRow> {
    let take = || table.take_from(list).map_or_else(|| table.take_elsewhere(list), Ok);
    (0..rows).map(|_| take().unwrap()).collect()
}

fn give_back(table: &Table, rows: Vec<&TokenRow>) {
    for row in rows {
        // SAFETY: it was taken.
        table.give_back(row, unsafe { *row.token.get() });
    }
}

#[test]
fn two_lists_have_rows_that_share_no_cache_line() {
    let table = Table::new();
    let lines = |list| -> Vec<usize> {
        take(&table, list, 1000).into_iter().map(|row| ptr::from_ref(row).addr() / LINE).collect()
    };
    let (one, other) = (lines(1), lines(2));
    assert!(one.iter().all(|line| !other.contains(line)));
}

#[test]
fn a_row_is_given_back_to_the_list_it_came_to_first() {
    let table = Table::new();
    let rows = take(&table, 1, 5);
    let first = ptr::from_ref(rows[4]);
    give_back(&table, rows);
    assert!(ptr::eq(table.take_from(1).unwrap(), first), "the last that was given back");
    assert!(table.take_from(2).is_none());
}

#[test]
fn where_there_are_plenty_a_list_gets_rows_for_good() {
    let table = Table::new();
    give_back(&table, take(&table, 1, 2 * PLENTY as usize));
    let before = table.used.load(Relaxed);
    let mine = ptr::from_ref(take(&table, 2, 1)[0]);
    // SAFETY: a row of the table, which was taken.
    give_back(&table, vec![unsafe { &*mine }]);
    assert!(ptr::eq(table.take_from(2).unwrap(), mine), "it came back to its new list");
    assert_eq!(table.used.load(Relaxed), before, "no more were made");
}

#[test]
fn two_that_have_few_between_them_do_not_take_them_from_each_other() {
    let table = Table::new();
    let many = take(&table, 1, PLENTY as usize);
    assert!(table.take_elsewhere(2).is_ok());
    let spare = take(&table, 2, 3);
    assert!(table.move_block(2, 3).is_none(), "it has less than two blocks");
    drop((many, spare));
}

#[test]
fn where_there_are_plenty_those_that_are_free_in_other_lists_are_used_again() {
    let table = Table::new();
    let many = 3 * PLENTY as usize;
    for list in 0..5 {
        give_back(&table, take(&table, list, many));
    }
    let left_to_each = 2 * BLOCK;
    assert!(table.used.load(Relaxed) <= 3 * PLENTY + 5 * left_to_each);
}
