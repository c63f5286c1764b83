"""A database storage that reads thousands of trials in seconds."""

import functools
import json
from collections import defaultdict
from collections.abc import Container, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy
from optuna.distributions import json_to_distribution
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.storages._rdb.storage import _create_scoped_session
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.orm import Session

_MOST_INCLUDED: Final = 500  # databases limit the variables of a query

_Rows = dict[int, list[tuple[Any, ...]]]  # trial id → its rows of a table, without it


class Database(RDBStorage):
    """Optuna's storage; what it reads and writes is the same.

    Optuna makes an object of every row and parses the distribution beside every parameter twice,
    which is most of the time that reading a study takes. Here rows stay tuples, one query per
    table, and a distribution is parsed once.
    """

    def _get_trials(
        self,
        study_id: int,
        states: Container[TrialState] | None,
        included_trial_ids: set[int],
        trial_id_greater_than: int,
    ) -> list[FrozenTrial]:
        """Trials in order of their ids.

        Args:
            study_id: Of which study.
            states: Only trials in these; None for all.
            included_trial_ids: Trials to read even if their ids are not greater.
            trial_id_greater_than: All trials with greater ids are read; -1 for all.
        """
        included = {one for one in included_trial_ids if one <= trial_id_greater_than}
        if len(included) > _MOST_INCLUDED:
            return super()._get_trials(study_id, states, included_trial_ids, trial_id_greater_than)
        trial = models.TrialModel
        wanted = trial.trial_id > trial_id_greater_than
        if included:
            wanted = sqlalchemy.or_(wanted, trial.trial_id.in_(included))
        conditions = [trial.study_id == study_id, wanted]
        if states is not None:
            conditions.append(trial.state.in_([one for one in TrialState if one in states]))
        with _create_scoped_session(self.scoped_session) as session:
            models.StudyModel.find_or_raise_by_id(study_id, session)
            return _read(session, conditions)


def _read(session: Session, conditions: Sequence[Any]) -> list[FrozenTrial]:
    trial, number = models.TrialModel, models.TrialValueModel
    param, step = models.TrialParamModel, models.TrialIntermediateValueModel
    user, system = models.TrialUserAttributeModel, models.TrialSystemAttributeModel
    trials = session.execute(
        sqlalchemy.select(
            trial.trial_id,
            trial.number,
            trial.state,
            trial._datetime_start_utc,
            trial._datetime_complete_utc,
        )
        .where(*conditions)
        .order_by(trial.trial_id)
    ).all()
    if not trials:
        return []

    def rows(table: Any, *columns: Any) -> _Rows:
        query = sqlalchemy.select(table.trial_id, *columns).join(
            trial, trial.trial_id == table.trial_id
        )
        found: _Rows = defaultdict(list)
        for row in session.execute(query.where(*conditions)):
            found[row[0]].append(tuple(row[1:]))
        return found

    values = rows(number, number.objective, number.value, number.value_type)
    params = rows(
        param, param.param_id, param.param_name, param.param_value, param.distribution_json
    )
    steps = rows(step, step.step, step.intermediate_value, step.intermediate_value_type)
    users = rows(user, user.key, user.value_json)
    systems = rows(system, system.key, system.value_json)
    parsed = functools.cache(json_to_distribution)
    found = []
    for trial_id, place, state, begun, ended in trials:
        chosen = sorted(params[trial_id])  # by their ids, which differ
        spaces = {name: parsed(text) for _, name, _, text in chosen}
        found.append(
            FrozenTrial(
                number=place,
                state=state,
                value=None,
                values=_values(values[trial_id]),
                datetime_start=_local(begun),
                datetime_complete=_local(ended),
                params={name: spaces[name].to_external_repr(code) for _, name, code, _ in chosen},
                distributions=spaces,
                user_attrs={key: json.loads(text) for key, text in users[trial_id]},
                system_attrs={key: json.loads(text) for key, text in systems[trial_id]},
                intermediate_values={
                    at: step.stored_repr_to_intermediate_value(value, kind)
                    for at, value, kind in steps[trial_id]
                },
                trial_id=trial_id,
            )
        )
    return found


def _values(rows: Sequence[tuple[Any, ...]]) -> list[float] | None:
    if not rows:
        return None
    values = [0.0] * len(rows)
    for objective, value, kind in rows:
        values[objective] = models.TrialValueModel.stored_repr_to_value(value, kind)
    return values


def _local(utc: datetime | None) -> datetime | None:
    """Databases keep UTC; Optuna gives local time without a zone."""
    return None if utc is None else utc.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
