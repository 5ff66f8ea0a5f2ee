//! Which columns of an input, or keys of a record, may fill a field: [`Sources`].
//!
//! All that match a field are candidates, sorted by name, then by column. In each record the first with a value fills the
//! field. The parts of an address come from one group of columns. The index is that of a column in the header, or of a
//! member in a JSON record.

use super::field::MOST_PARTS;
use super::matching::{Layout, MAP, Match, ROLES, Rank, Role};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    One(usize),
    /// The parts of a field, or two other fields, by their slots: their values, joined.
    Joined(Several),
}

/// A few indices, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Several {
    indices: [u32; MOST_PARTS],
    count: u8,
    /// How many more there should be.
    lacking: u8,
}

impl Several {
    /// Whether these are all that there should be.
    pub fn is_whole(&self) -> bool {
        self.lacking == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        self.indices[..usize::from(self.count)].iter().map(|index| *index as usize)
    }
}

impl FromIterator<usize> for Several {
    /// The first [`MOST_PARTS`].
    fn from_iter<I: IntoIterator<Item = usize>>(indices: I) -> Several {
        let mut several = Several::default();
        for (place, index) in several.indices.iter_mut().zip(indices) {
            *place = index as u32;
            several.count += 1;
        }
        several
    }
}

/// What fills a field in one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    Nothing,
    One(usize),
    /// The values at these indices, joined.
    Joined(Several),
}

impl Chosen {
    pub fn indices(&self) -> Several {
        match *self {
            Chosen::Nothing => Several::default(),
            Chosen::One(index) => [index].into_iter().collect(),
            Chosen::Joined(several) => several,
        }
    }

    pub fn first(&self) -> Option<usize> {
        self.indices().iter().next()
    }

    pub fn single(self) -> Option<usize> {
        if let Chosen::One(index) = self { Some(index) } else { None }
    }
}

/// Whether the value at an index counts as one for a field: takes the field and the index.
pub type HasValue<'v> = dyn FnMut(usize, usize) -> bool + 'v;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    rank: Rank,
    index: usize,
    role: Role,
}

#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// What matches each field, and each part of one, by slots.
    slots: Vec<Vec<Candidate>>,
    fields: Vec<Vec<Source>>,
    /// The index of each field's only candidate; `None` if it has none or several.
    single: Vec<Option<usize>>,
    /// The addresses of the input, the best first; empty if it has only one.
    groups: Vec<Role>,
    /// The fields that each of the addresses has.
    in_groups: Vec<(usize, Role)>,
}

/// The index of a candidate that the input has and this record lacks.
const LACKING: usize = usize::MAX;

impl Sources {
    /// Finds the candidates for each field in `found`: indices with their matches and roles. `input`, sorted, is what matches a
    /// field in the whole input: a record is bound as if it had all of it. One part of a field fills it alone if
    /// `may_be_parted`, or if the map names it.
    pub fn bind(
        &mut self,
        layout: &Layout,
        found: impl Iterator<Item = (usize, Match, Role)>,
        input: &[(Match, Role)],
        may_be_parted: bool,
    ) {
        self.slots.iter_mut().for_each(Vec::clear);
        self.fields.iter_mut().for_each(Vec::clear);
        self.slots.resize_with(layout.slots, Vec::new);
        self.fields.resize_with(layout.fields, Vec::new);
        for (index, found, role) in found {
            self.slots[layout.slot(&found)].push(Candidate { rank: found.rank, index, role });
        }
        self.add_lacking(layout, input);
        for slot in self.slots.iter_mut().filter(|slot| slot.len() > 1) {
            slot.sort_unstable();
            // If the map names candidates, only they count.
            if slot[0].rank == MAP {
                slot.retain(|candidate| candidate.rank == MAP);
            }
        }
        for field in 0..layout.fields {
            self.bind_field(layout, field, may_be_parted);
        }
        layout.alone.iter().for_each(|field| self.fields[*field].truncate(1));
        self.find_groups(layout);
        if !input.is_empty() {
            self.remove_lacking();
        }
        self.find_singles(layout);
    }

    fn add_lacking(&mut self, layout: &Layout, input: &[(Match, Role)]) {
        for alike in input.chunk_by(|one, other| one == other) {
            let (found, role) = alike[0];
            // In any spelling.
            let is_there = layout.alone.contains(&found.field)
                && layout.own_slots(found.field).any(|slot| !self.slots[slot].is_empty());
            let slot = &mut self.slots[layout.slot(&found)];
            let candidate = Candidate { rank: found.rank, index: LACKING, role };
            let is_it = |there: &&Candidate| Candidate { index: LACKING, ..**there } == candidate;
            let lacking = if is_there { 0 } else { alike.len().saturating_sub(slot.iter().filter(is_it).count()) };
            slot.extend(std::iter::repeat_n(candidate, lacking));
        }
    }

    fn remove_lacking(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.retain(|candidate| candidate.index != LACKING));
        let slots = &self.slots;
        let is_there = |source: &Source| match source {
            Source::One(index) => *index != LACKING,
            Source::Joined(parts) => parts.iter().any(|part| !slots[part].is_empty()),
        };
        self.fields.iter_mut().for_each(|sources| sources.retain(is_there));
    }

    fn find_singles(&mut self, layout: &Layout) {
        self.single.clear();
        self.single.extend(self.fields.iter().map(|sources| match sources[..] {
            [Source::One(index)] => Some(index),
            _ => None,
        }));
        if !self.groups.is_empty() {
            let fields = layout.address.iter().map(|(field, _)| *field);
            fields.filter(|field| !layout.alone.contains(field)).for_each(|field| self.single[field] = None);
        }
    }

    fn bind_field(&mut self, layout: &Layout, field: usize, may_be_parted: bool) {
        let parts = layout.parts[field].clone();
        let is_mapped = |slot: usize| self.slots[slot].first().is_some_and(|best| best.rank == MAP);
        let (is_whole_mapped, is_part_mapped) = (is_mapped(field), parts.clone().any(is_mapped));
        let is_there = |slot: &usize| !self.slots[*slot].is_empty();
        let is_composed = layout.composed.contains(&field);
        let joined = |slots: Several, may_be_parted: bool| {
            let there: Several = slots.iter().filter(is_there).collect();
            let is_enough = there == slots || there != Several::default() && may_be_parted;
            (is_enough && slots != Several::default()).then_some(Source::Joined(if is_composed {
                slots
            } else {
                there
            }))
        };
        let parts =
            joined(parts.collect(), may_be_parted || is_part_mapped || is_composed).filter(|_| !is_whole_mapped);
        let sources = &mut self.fields[field];
        // What the profile joins is not taken from elsewhere.
        if is_composed && let Some(parts) = parts {
            sources.push(parts);
            return;
        }
        if !is_part_mapped || is_whole_mapped {
            sources.extend(self.slots[field].iter().map(|candidate| Source::One(candidate.index)));
        }
        sources.extend(parts);
        for stand_ins in &layout.stand_ins[field] {
            match stand_ins[..] {
                [one] => sources.extend(self.slots[one].iter().map(|candidate| Source::One(candidate.index))),
                _ => sources.extend(joined(stand_ins.iter().copied().collect(), may_be_parted)),
            }
        }
    }

    /// Finds the addresses of the input, if a field of the address has more than one candidate.
    fn find_groups(&mut self, layout: &Layout) {
        self.groups.clear();
        self.in_groups.clear();
        if layout.address.iter().all(|(field, _)| self.fields[*field].len() < 2) {
            return;
        }
        // A single line without a city or postal code of the same role may contain a whole address, and counts as one more plain
        // column. A single city or postal code is always part of another address.
        let is_single = |role: Role| {
            let has_role = |field: &usize| self.slots[*field].iter().any(|column| column.role == role);
            let mut fields = layout.address.iter().map(|(field, _)| *field).filter(has_role);
            fields.next().is_none_or(|field| layout.lines.contains(&field)) && fields.next().is_none()
        };
        let singles: Vec<Role> = ROLES.iter().map(|(role, _)| *role).filter(|role| is_single(*role)).collect();
        for (field, _) in &layout.address {
            for column in self.slots[*field].iter_mut().filter(|column| singles.contains(&column.role)) {
                column.role = Role::Plain;
            }
        }
        let columns = layout.address.iter().flat_map(|(field, _)| &self.slots[*field]);
        self.groups.extend(columns.filter(|column| column.rank != MAP).map(|column| column.role));
        self.groups.sort_unstable();
        self.groups.dedup();
        if self.groups.len() < 2 {
            self.groups.clear();
            return;
        }
        for (field, _) in &layout.address {
            self.in_groups.extend(self.slots[*field].iter().map(|column| (*field, column.role)));
        }
    }

    #[inline]
    pub fn singles(&self) -> &[Option<usize>] {
        &self.single
    }

    /// The candidates of a field, the best first.
    pub fn of(&self, field: usize) -> &[Source] {
        self.fields.get(field).map_or(&[], Vec::as_slice)
    }

    pub fn lack(&self, field: usize) -> bool {
        self.of(field).is_empty()
    }

    /// The numbers of a field's parts that no column is, if the others are joined.
    pub fn missing_parts(&self, layout: &Layout, field: usize) -> impl Iterator<Item = usize> + '_ {
        let is_joined = self.of(field).iter().any(|source| matches!(source, Source::Joined(_)));
        let slots = layout.parts[field].clone().enumerate().filter(move |_| is_joined);
        slots.filter(|(_, slot)| self.slots[*slot].is_empty()).map(|(part, _)| part)
    }

    /// Whether the map names a candidate for a field, or for a part of it.
    pub fn is_mapped(&self, layout: &Layout, field: usize) -> bool {
        let mut slots = layout.own_slots(field).filter_map(|slot| self.slots.get(slot)?.first());
        slots.any(|best| best.rank == MAP)
    }

    pub fn first(&self, field: usize) -> Option<usize> {
        match *self.of(field).first()? {
            Source::One(index) => Some(index),
            Source::Joined(slots) => slots.iter().find_map(|slot| self.slots[slot].first()).map(|first| first.index),
        }
    }

    pub fn indices(&self, field: usize) -> impl Iterator<Item = usize> + '_ {
        self.of(field).iter().flat_map(move |source| {
            let (index, slots) = match *source {
                Source::One(index) => (Some(index), Several::default()),
                Source::Joined(slots) => (None, slots),
            };
            let joined = (0..usize::from(slots.count)).flat_map(move |slot| &self.slots[slots.indices[slot] as usize]);
            index.into_iter().chain(joined.map(|candidate| candidate.index))
        })
    }

    pub fn candidates(&self, indices: usize) -> Vec<bool> {
        let mut are = vec![false; indices];
        (0..self.fields.len()).flat_map(|field| self.indices(field)).for_each(|index| are[index] = true);
        are
    }

    /// The group that a record's address comes from: the first with a street, a city or a postal code. `None` if the input has
    /// one address, or the record none.
    pub fn group(&self, layout: &Layout, has_value: &mut HasValue<'_>) -> Option<Role> {
        let mut has_address = |role: &Role| {
            let mut makes = layout.address.iter().filter(|(_, makes)| *makes);
            makes.any(|(field, _)| {
                let mut own = self.slots[*field].iter().filter(|column| column.rank == MAP || column.role == *role);
                own.any(|column| has_value(*field, column.index))
            })
        };
        self.groups.iter().copied().find(|role| has_address(role))
    }

    /// What fills a field if the address comes from `group`: the first candidate that `has_value`, or else the first.
    pub fn choose(&self, layout: &Layout, field: usize, group: Option<Role>, has_value: &mut HasValue<'_>) -> Chosen {
        // A field that only takes its best column ignores the group.
        let is_of_address = !layout.alone.contains(&field) && layout.address.iter().any(|(of, _)| *of == field);
        if let Some(role) = group.filter(|_| is_of_address) {
            return self.choose_in(role, field, has_value);
        }
        let mut first = Chosen::Nothing;
        for source in self.of(field) {
            let chosen = match *source {
                Source::One(index) => Chosen::One(index),
                Source::Joined(slots) => self.join(field, slots, layout.needs_whole, has_value),
            };
            if chosen.indices().iter().any(|index| has_value(field, index)) {
                return chosen;
            }
            if first == Chosen::Nothing {
                first = chosen;
            }
        }
        first
    }

    fn choose_in(&self, role: Role, field: usize, has_value: &mut HasValue<'_>) -> Chosen {
        let own = |role: Role| self.slots[field].iter().filter(move |column| column.rank == MAP || column.role == role);
        // If the group has no column for the field, the plain columns fill it.
        let role = if self.in_groups.contains(&(field, role)) { role } else { Role::Plain };
        let with_value = own(role).find(|column| has_value(field, column.index));
        with_value.or_else(|| own(role).next()).map_or(Chosen::Nothing, |column| Chosen::One(column.index))
    }

    fn join(&self, field: usize, slots: Several, needs_whole: bool, has_value: &mut HasValue<'_>) -> Chosen {
        let chosen = slots.iter().filter_map(|slot| {
            let slot = &self.slots[slot];
            let with_value = if slot.len() > 1 { slot.iter().find(|part| has_value(field, part.index)) } else { None };
            with_value.or(slot.first()).map(|part| part.index)
        });
        let chosen: Several = chosen.collect();
        let lacking = if needs_whole { slots.count - chosen.count } else { 0 };
        match (chosen.iter().next(), chosen.count) {
            (None, _) => Chosen::Nothing,
            (Some(index), 1) if lacking == 0 => Chosen::One(index),
            _ => Chosen::Joined(Several { lacking, ..chosen }),
        }
    }

    /// The fields of the address, if there are several groups.
    pub fn address_fields(&self) -> impl Iterator<Item = usize> + '_ {
        self.in_groups.iter().map(|(field, _)| *field)
    }
}
