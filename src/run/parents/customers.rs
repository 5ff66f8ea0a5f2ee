//! The customers of the database that records refer to: [`read_existing`]. Only those are kept; in a run that changes customers also
//! all stored parents, because a circle may lead through them.

use super::nodes::Nodes;
use super::records::{CustomerId, Existing, Keying, NONE, Node, Records, State, Status};
use crate::core::judge::LinkPlan;
use crate::core::judge::plan::Plan;
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
    nodes: &Nodes,
    (plan, link): (&Plan, LinkPlan),
    keying: Keying,
    records: &mut Records,
) -> Result<Existing> {
    let column = plan.fields[link.referenced].column.as_str();
    let by_value = by_node(customers, column, nodes, link.comparison, Nodes::hash)?;
    let by_key = match plan.key.filter(|_| keying == Keying::Other) {
        Some(key) => {
            let column = plan.fields[key.field].column.as_str();
            Some(by_node(customers, column, nodes, key.comparison, Nodes::hash_key)?)
        }
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
    let by_key = by_key.map(|by_key| by_key.first).unwrap_or_default();
    let mut existing = Existing { by_value: by_value.first, by_key, ..Existing::default() };
    if plan.mode.changes() {
        add_stored_parents(customers, &mut existing)?;
    }
    Ok(existing)
}

fn by_node(
    customers: &Customers<'_>,
    column: &str,
    nodes: &Nodes,
    comparison: KeyComparison,
    hash: impl Fn(&Nodes, &[u8]) -> u128,
) -> Result<ByNode> {
    let count = nodes.count();
    let mut found = ByNode { first: vec![None; count], has_several: vec![0; count / 64 + 1] };
    customers.for_each_value(column, |customer, text| {
        let folded = key::fold(text, comparison);
        let node = folded.and_then(|folded| nodes.find(hash(nodes, folded.as_bytes())));
        let Some((node, customer)) = node.zip(CustomerId::new(customer)) else { return };
        let first = &mut found.first[node as usize];
        if first.is_some() {
            found.has_several[node as usize / 64] |= 1 << (node % 64);
        }
        *first = Some(first.map_or(customer, |first| first.min(customer)));
    })?;
    Ok(found)
}

impl ByNode {
    /// What becomes of a record whose key is this node, because of the customers that have the key.
    fn state_of(&self, node: Node, state: State, mode: Mode, is_keyed_apart: bool) -> State {
        let customer = self.first.get(node as usize).copied().flatten();
        let has_several = || self.has_several.get(node as usize / 64).is_some_and(|bits| bits >> (node % 64) & 1 == 1);
        let is_faulty = match (mode, customer) {
            (Mode::Create, customer) => customer.is_some(),
            (_, Some(_)) => has_several(),
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
