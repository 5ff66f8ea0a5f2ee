//! The customers of the database that records refer to: [`read_existing`]. Only those are kept; in a run that changes customers also
//! all stored parents, because a circle may lead through them.

use super::nodes::{Hash, Nodes};
use super::records::{CustomerId, Existing, Keying, NONE, Node, Records, State, Status};
use crate::core::judge::{LinkPlan, field_plan::KeyPlan, plan::Plan};
use crate::core::mode::Mode;
use crate::core::text::key::{self, KeyComparison};
use crate::error::Result;
use crate::sink::sqlite::Customers;

/// The customers with a value, or a key, by node; and whether there are several.
struct ByNode {
    first: Vec<Option<CustomerId>>,
    /// A bit a node.
    has_several: Vec<u64>,
}

pub fn read_existing(
    customers: &Customers<'_>,
    below: i64,
    nodes: &Nodes,
    (plan, link): (&Plan, LinkPlan),
    keying: Keying,
    records: &mut Records,
) -> Result<Existing> {
    let reader = Reader { customers, below, nodes, plan };
    let by_value = reader.by_value(link.referenced, link.comparison, Nodes::hash)?;
    let by_key = match plan.key.as_ref().filter(|_| keying == Keying::Other) {
        Some(key) => Some(reader.by_key(key)?),
        None => None,
    };
    let keys = match &by_key {
        Some(by_key) => Some((by_key, &records.key)),
        None => (keying == Keying::Value).then_some((&by_value, &records.value)),
    };
    if let Some((by_key, nodes)) = keys {
        let is_keyed_apart = keying == Keying::Other;
        for (state, node) in records.state.iter_mut().zip(nodes) {
            *state = by_key.state_of(*node, *state, plan.mode, is_keyed_apart);
        }
    }
    for (which, (unique, nodes)) in plan.unique.iter().zip(&records.unique).enumerate() {
        let part = unique.parts[0];
        let holders = reader.by_value(part.field, part.comparison, |nodes, value| nodes.hash_unique(which, value))?;
        for (at, (state, node)) in records.state.iter_mut().zip(nodes).enumerate() {
            // In a run that creates customers, one with the record's key rejects it anyway.
            let own = keys.and_then(|(by_key, nodes)| by_key.first.get(*nodes.get(at)? as usize).copied().flatten());
            if holders.has_other(*node, own) {
                *state = state.with(Status::Faulty);
            }
        }
    }
    let by_key = by_key.map(|by_key| by_key.first).unwrap_or_default();
    let mut existing = Existing { by_value: by_value.first, by_key, ..Existing::default() };
    if plan.mode.changes() {
        add_stored_parents(customers, &mut existing)?;
    }
    Ok(existing)
}

struct Reader<'r> {
    customers: &'r Customers<'r>,
    /// Only customers with IDs below it count.
    below: i64,
    nodes: &'r Nodes,
    plan: &'r Plan,
}

impl Reader<'_> {
    fn by_value(
        &self,
        field: usize,
        comparison: KeyComparison,
        hash: impl Fn(&Nodes, &[u8]) -> Hash,
    ) -> Result<ByNode> {
        let mut found = ByNode::new(self.nodes.count());
        self.customers.for_each_value(&self.plan.fields[field].column, self.below, |customer, text| {
            let folded = key::fold(text, comparison);
            found.add(customer, folded.and_then(|folded| self.nodes.find(hash(self.nodes, folded.as_bytes()))));
        })?;
        Ok(found)
    }

    fn by_key(&self, plan: &KeyPlan) -> Result<ByNode> {
        let mut found = ByNode::new(self.nodes.count());
        self.customers.for_each_key(self.below, |customer, texts| {
            let folded = plan.fold(texts);
            found.add(customer, folded.and_then(|folded| self.nodes.find(self.nodes.hash_key(folded.as_bytes()))));
        })?;
        Ok(found)
    }
}

impl ByNode {
    fn new(count: usize) -> ByNode {
        ByNode { first: vec![None; count], has_several: vec![0; count / 64 + 1] }
    }

    fn add(&mut self, customer: i64, node: Option<Node>) {
        let Some((node, customer)) = node.zip(CustomerId::new(customer)) else { return };
        let first = &mut self.first[node as usize];
        if first.is_some() {
            self.has_several[node as usize / 64] |= 1 << (node % 64);
        }
        *first = Some(first.map_or(customer, |first| first.min(customer)));
    }

    fn has_several(&self, node: Node) -> bool {
        self.has_several.get(node as usize / 64).is_some_and(|bits| bits >> (node % 64) & 1 == 1)
    }

    /// Whether another customer than a record's own is at the node.
    fn has_other(&self, node: Node, own: Option<CustomerId>) -> bool {
        let first = self.first.get(node as usize).copied().flatten();
        first.is_some() && (first != own || self.has_several(node))
    }

    /// What becomes of a record whose key is this node, because of the customers that have the key.
    fn state_of(&self, node: Node, state: State, mode: Mode, is_keyed_apart: bool) -> State {
        let customer = self.first.get(node as usize).copied().flatten();
        let is_faulty = match (mode, customer) {
            (Mode::Create, customer) => customer.is_some(),
            (_, Some(_)) => self.has_several(node),
            (Mode::Update, None) => true,
            (Mode::Upsert, None) => is_keyed_apart && state.is_lacking(),
        };
        match (is_faulty, customer) {
            (true, _) => state.with(Status::Faulty),
            // It lacks nothing that the customer must have.
            (false, Some(_)) => state.complete(),
            (false, None) => state,
        }
    }
}

/// Adds the stored parents of all customers, and a node for each that has none yet.
fn add_stored_parents(customers: &Customers<'_>, existing: &mut Existing) -> Result<()> {
    let mut stored: Vec<(i64, i64)> = Vec::new();
    customers.for_each_parent(|customer, parent| stored.push((customer, parent)))?;
    let known = (0..).zip(&existing.by_value).filter_map(|(node, id)| Some(((*id)?.get(), node)));
    let mut nodes: Vec<(i64, Node)> = known.collect();
    nodes.sort_unstable();
    let known = nodes.len();
    for (customer, _) in &stored {
        let is_new = nodes[..known].binary_search_by_key(customer, |(id, _)| *id).is_err();
        if let Some(id) = CustomerId::new(*customer).filter(|_| is_new) {
            nodes.push((*customer, existing.by_value.len() as Node));
            existing.by_value.push(Some(id));
        }
    }
    nodes.sort_unstable();
    existing.parents = vec![NONE; existing.by_value.len()];
    let node_of = |customer: i64| {
        let at = nodes.binary_search_by_key(&customer, |(id, _)| *id).ok()?;
        Some(nodes[at].1)
    };
    for (customer, parent) in stored {
        if let Some((node, parent)) = node_of(customer).zip(node_of(parent)) {
            existing.parents[node as usize] = parent;
        }
    }
    Ok(())
}
