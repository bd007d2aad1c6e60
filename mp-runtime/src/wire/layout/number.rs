//! Which field has which ordinal.
//!
//! In: fields, some with explicit ordinals. Out: an ordinal for each value and each flag, from 0
//! without gaps.

use super::{FieldPlace, Member};
use crate::wire::slot::Place;

/// Gives every value and flag its ordinal; returns how many there are.
#[track_caller]
pub(super) const fn number(members: &[Member], fields: &mut [FieldPlace]) -> u16 {
    assert!(members.len() == fields.len() && members.len() < 0x4000, "the struct has too many fields");
    let mut next = 0;
    let mut total = 0;
    let mut index = 0;
    while index < members.len() {
        let member = members[index];
        let ordinal = match member.ordinal {
            Some(ordinal) => ordinal,
            None => {
                next = free_from(members, next);
                next += 1;
                next - 1
            }
        };
        fields[index].ordinal = ordinal;
        total += 1;
        fields[index].has = None;
        if member.slots.has_flag {
            let ordinal = match member.has_ordinal {
                Some(ordinal) => ordinal,
                None => {
                    // A flag follows its value, whether that one's ordinal is explicit or not.
                    let wanted = ordinal + 1;
                    if member.ordinal.is_some() && !is_explicit(members, wanted) && wanted >= next {
                        if wanted == next {
                            next += 1;
                        }
                        wanted
                    } else {
                        next = free_from(members, next);
                        next += 1;
                        next - 1
                    }
                }
            };
            fields[index].has = Some((ordinal, Place::VOID));
            total += 1;
        }
        index += 1;
    }
    let mut ordinal = 0;
    while ordinal < total {
        // Finds exactly one holder, or says what is wrong.
        let _ = holder(members, fields, ordinal);
        ordinal += 1;
    }
    total
}

#[track_caller]
const fn is_explicit(members: &[Member], ordinal: u16) -> bool {
    let mut index = 0;
    while index < members.len() {
        if let Some(own) = members[index].ordinal
            && own == ordinal
        {
            return true;
        }
        if let Some(own) = members[index].has_ordinal
            && own == ordinal
        {
            return true;
        }
        index += 1;
    }
    false
}

#[track_caller]
const fn free_from(members: &[Member], mut ordinal: u16) -> u16 {
    while is_explicit(members, ordinal) {
        ordinal += 1;
    }
    ordinal
}

/// The field that has an ordinal, and whether it is its flag's.
#[track_caller]
pub(super) const fn holder(members: &[Member], fields: &[FieldPlace], ordinal: u16) -> (usize, bool) {
    let mut found = None;
    let mut index = 0;
    while index < members.len() {
        if fields[index].ordinal == ordinal {
            assert!(found.is_none(), "two fields have the same ordinal; give one of them another");
            found = Some((index, false));
        }
        if let Some((own, _)) = fields[index].has
            && own == ordinal
        {
            assert!(found.is_none(), "two fields have the same ordinal; give one of them another");
            found = Some((index, true));
        }
        index += 1;
    }
    match found {
        Some(found) => found,
        None => panic!(
            "the ordinals of the fields have a gap; they count from 0, and a `hasX` flag or the `context` of a method takes one as well"
        ),
    }
}
