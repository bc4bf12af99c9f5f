//! The alternatives of one plan, and what an edit does to them.

use std::sync::Arc;

use model::plan::Plan;

use super::act::{changed, contents_equal, copied, is_fixed, turned};
use super::change::{Change, Edit, EditError, Variant};
use crate::document;

/// Alternatives side by side; a screen shows no more.
pub const ALTERNATIVES_MOST: usize = 16;

/// Characters of an alternative's name.
const NAME_MOST: usize = 80;

/// One of several plans for the same end.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// What people call it; unique on its board.
    pub name: String,
    /// The plan.
    pub plan: Arc<Plan>,
}

/// The alternatives of one plan, and which of them is worked on.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    alternatives: Vec<Alternative>,
    chosen: usize,
    /// Alternatives that were ever made, so that an id is not given twice.
    made: u64,
}

impl Board {
    /// A board with one alternative, named after the plan.
    pub fn new(plan: Plan) -> Self {
        let title: String = plan.title.trim().chars().take(NAME_MOST).collect();
        let name = match title.is_empty() {
            true => "plan".to_owned(),
            false => title,
        };
        Self {
            alternatives: vec![Alternative {
                name,
                plan: Arc::new(plan),
            }],
            chosen: 0,
            made: 1,
        }
    }

    /// A board of plans that were saved side by side; the first is chosen.
    ///
    /// # Errors
    ///
    /// [`EditError::Name`] without a plan, for names or ids that are none or stand twice,
    /// and for plans from different baselines; [`EditError::Full`] for too many.
    pub fn open(plans: Vec<(String, Plan)>) -> Result<Self, EditError> {
        let mut plans = plans.into_iter();
        let Some((name, first)) = plans.next() else {
            return Err(EditError::Name("there is no plan to open".to_owned()));
        };
        let mut board = Self::new(first);
        board.alternatives[0].name.clear();
        board.alternatives[0].name = board.free_name(&name)?;
        for (name, plan) in plans {
            if board.alternatives.len() >= ALTERNATIVES_MOST {
                return Err(EditError::Full(ALTERNATIVES_MOST));
            }
            let why = if board.find_id(&plan.id).is_some() {
                format!("{name:?} has the id of another plan, {}", plan.id)
            } else if plan.baseline != board.plan().baseline {
                format!("{name:?} was made from another recording, window or machine")
            } else {
                let name = board.free_name(&name)?;
                board.push(name, plan);
                continue;
            };
            return Err(EditError::Name(why));
        }
        board.chosen = 0;
        Ok(board)
    }

    /// The same with this alternative chosen, where there is one of this name.
    pub fn choose(mut self, name: &str) -> Self {
        self.chosen = self.position(name).unwrap_or(self.chosen);
        self
    }

    /// All alternatives, in the order that they were made.
    pub fn alternatives(&self) -> &[Alternative] {
        &self.alternatives
    }

    /// Place of the one that is worked on.
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// The plan that is worked on.
    pub fn plan(&self) -> &Plan {
        &self.alternatives[self.chosen].plan
    }

    /// The board after an edit.
    pub(super) fn with(&self, edit: &Edit) -> Result<Self, EditError> {
        let mut next = self.clone();
        match edit {
            Edit::Variant(variant) => next.vary(variant)?,
            Edit::Plan(change) => {
                let shared = match &**change {
                    Change::Baseline(it) => Some(it),
                    Change::Contents(it) if it.baseline != next.plan().baseline => {
                        Some(&it.baseline)
                    }
                    _ => None,
                };
                let shared = shared.map(|it| Change::Baseline(it.clone()));
                for (place, alternative) in next.alternatives.iter_mut().enumerate() {
                    let change = match place == next.chosen {
                        true => Some(&**change),
                        false => shared.as_ref(),
                    };
                    if let Some(change) = change {
                        alternative.plan = Arc::new(changed(&alternative.plan, change)?);
                    }
                }
            }
        }
        Ok(next)
    }

    /// Whether plans and names are the same, whatever their revisions and states.
    pub(super) fn has_same_contents(&self, other: &Self) -> bool {
        let same = |(a, b): (&Alternative, &Alternative)| {
            a.name == b.name && (Arc::ptr_eq(&a.plan, &b.plan) || contents_equal(&a.plan, &b.plan))
        };
        self.chosen == other.chosen
            && self.alternatives.len() == other.alternatives.len()
            && self.alternatives.iter().zip(&other.alternatives).all(same)
    }

    /// This board, with revisions that do not fall behind those of another.
    pub(super) fn not_before(mut self, other: &Self) -> Self {
        for alternative in &mut self.alternatives {
            let known = other.find_id(&alternative.plan.id);
            if let Some(known) = known.filter(|it| it.revision > alternative.plan.revision) {
                Arc::make_mut(&mut alternative.plan).revision = known.revision;
            }
        }
        self
    }

    /// The contents of another board, as an edit of this one: plans that differ get a new
    /// revision and keep only what holds for their contents.
    pub(super) fn turned_to(&self, other: &Self) -> Result<Self, EditError> {
        let mut next = other.clone();
        next.made = next.made.max(self.made);
        for alternative in &mut next.alternatives {
            let Some(now) = self.find_id(&alternative.plan.id) else {
                continue;
            };
            alternative.plan = Arc::new(turned(now, &alternative.plan)?);
        }
        let gone = self
            .alternatives
            .iter()
            .find(|it| other.find_id(&it.plan.id).is_none() && is_fixed(it.plan.state));
        match gone {
            Some(it) => Err(EditError::Frozen(it.plan.state)),
            None => Ok(next),
        }
    }

    pub(super) fn live<E>(
        &mut self,
        happens: impl FnOnce(&mut Plan) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut plan = self.plan().clone();
        happens(&mut plan)?;
        self.alternatives[self.chosen].plan = Arc::new(plan);
        Ok(())
    }

    fn find_id(&self, id: &str) -> Option<&Arc<Plan>> {
        let all = self.alternatives.iter().map(|it| &it.plan);
        all.into_iter().find(|it| it.id == id)
    }

    fn position(&self, name: &str) -> Result<usize, EditError> {
        let place = self.alternatives.iter().position(|it| it.name == name);
        place.ok_or_else(|| EditError::NotThere(format!("alternative {name:?}")))
    }

    fn free_name(&self, name: &str) -> Result<String, EditError> {
        let name = name.trim();
        let is_taken = self.alternatives.iter().any(|it| it.name == name);
        let why = if name.is_empty() || name.chars().any(char::is_control) {
            "an alternative needs a name".to_owned()
        } else if name.chars().count() > NAME_MOST {
            format!("a name has at most {NAME_MOST} characters")
        } else if is_taken {
            format!("another alternative is named {name:?}")
        } else {
            return Ok(name.to_owned());
        };
        Err(EditError::Name(why))
    }

    /// An id that no alternative of this board ever had.
    fn new_id(&mut self) -> String {
        loop {
            let seed = format!("{}\n{}", self.alternatives[0].plan.id, self.made);
            self.made += 1;
            let id = document::hash(&seed)[..16].to_owned();
            if self.find_id(&id).is_none() {
                return id;
            }
        }
    }

    fn push(&mut self, name: String, plan: Plan) {
        self.alternatives.push(Alternative {
            name,
            plan: Arc::new(plan),
        });
        self.chosen = self.alternatives.len() - 1;
    }

    fn vary(&mut self, variant: &Variant) -> Result<(), EditError> {
        if matches!(variant, Variant::Add(_) | Variant::Duplicate(..))
            && self.alternatives.len() >= ALTERNATIVES_MOST
        {
            return Err(EditError::Full(ALTERNATIVES_MOST));
        }
        match variant {
            Variant::Add(name) => {
                let name = self.free_name(name)?;
                let id = self.new_id();
                let mut plan = copied(self.plan(), id);
                plan.actions.clear();
                self.push(name, plan);
            }
            Variant::Duplicate(from, name) => {
                let from = self.position(from)?;
                let name = self.free_name(name)?;
                let id = self.new_id();
                let plan = copied(&self.alternatives[from].plan, id);
                self.push(name, plan);
            }
            Variant::Rename(from, to) => {
                let place = self.position(from)?;
                if from != to {
                    self.alternatives[place].name = self.free_name(to)?;
                }
            }
            Variant::Remove(name) => self.remove(name)?,
            Variant::Choose(name) => self.chosen = self.position(name)?,
        }
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), EditError> {
        let place = self.position(name)?;
        let state = self.alternatives[place].plan.state;
        if is_fixed(state) {
            return Err(EditError::Frozen(state));
        }
        if self.alternatives.len() == 1 {
            return Err(EditError::Name("the last alternative stays".to_owned()));
        }
        self.alternatives.remove(place);
        if self.chosen > place || self.chosen == self.alternatives.len() {
            self.chosen -= 1;
        }
        Ok(())
    }
}
