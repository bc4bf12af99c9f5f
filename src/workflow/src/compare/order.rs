//! Which series moved first, as far as clocks and cadence can tell.
//!
//! Only stretches of one run have an order: what moved in another run says nothing.
//!
//! Start at [`ranked`].

use model::time::Moment;

/// When a series took its new level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Onset {
    /// The first row of the new level.
    pub at: Moment,
    /// Place in the order of change: 1 moved first. Series that are too close in time to
    /// be told apart share a place.
    pub order: usize,
    /// How many others have the same place.
    pub tied: usize,
}

/// When a series moved, and how far its clock may be off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) at: Moment,
    pub(super) clock_error_ns: i64,
}

/// Orders the series that moved. One begins a new place when it moved later than the
/// first of the place before by more than a step and what both clocks may be off.
pub(super) fn ranked(moved: &[Option<Moved>], step_ns: i64) -> Vec<Option<Onset>> {
    let mut order: Vec<(usize, Moved)> = moved
        .iter()
        .enumerate()
        .filter_map(|(line, it)| Some((line, (*it)?)))
        .collect();
    order.sort_by_key(|(line, it)| (it.at, *line));
    let mut found = vec![None; moved.len()];
    let mut rest = order.as_slice();
    let mut place = 0;
    while let Some((_, first)) = rest.first() {
        place += 1;
        let close = |it: &Moved| {
            let doubt_ns = it.clock_error_ns.saturating_add(first.clock_error_ns);
            let away_ns = it.at.0.saturating_sub(first.at.0);
            away_ns <= step_ns.saturating_add(doubt_ns)
        };
        let end = rest.iter().position(|(_, it)| !close(it));
        let (group, others) = rest.split_at(end.unwrap_or(rest.len()));
        for (line, it) in group {
            found[*line] = Some(Onset {
                at: it.at,
                order: place,
                tied: group.len() - 1,
            });
        }
        rest = others;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(moved: &[Option<(i64, i64)>]) -> Vec<Option<(usize, usize)>> {
        let moved: Vec<Option<Moved>> = moved
            .iter()
            .map(|it| {
                let (at, clock_error_ns) = (*it)?;
                let at = Moment(at);
                Some(Moved { at, clock_error_ns })
            })
            .collect();
        let ranked = ranked(&moved, 10).into_iter();
        ranked.map(|it| it.map(|it| (it.order, it.tied))).collect()
    }

    #[test]
    fn who_moves_within_a_step_of_the_first_shares_its_place() {
        let found = orders(&[
            Some((100, 0)),
            None,
            Some((40, 0)),
            Some((50, 0)),
            Some((51, 0)),
        ]);
        let wanted = [Some((3, 0)), None, Some((1, 1)), Some((1, 1)), Some((2, 0))];
        assert_eq!(found, wanted);
        assert_eq!(orders(&[None, None]), [None, None]);
    }

    #[test]
    fn clocks_that_may_be_off_say_nothing_about_order() {
        assert_eq!(
            orders(&[Some((0, 0)), Some((60, 0))]),
            [Some((1, 0)), Some((2, 0))]
        );
        let doubtful = orders(&[Some((0, 30)), Some((60, 30))]);
        assert_eq!(doubtful, [Some((1, 1)), Some((1, 1))]);
    }
}
