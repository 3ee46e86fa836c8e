/* All commands, in the order of the help. */
#include "node/cmd/cmd.h"

extern const struct command cmd_init_command;
extern const struct command cmd_office_invite_command;
extern const struct command cmd_office_list_command;
extern const struct command cmd_office_show_command;
extern const struct command cmd_office_retire_command;
extern const struct command cmd_office_revoke_command;
extern const struct command cmd_office_rekey_command;
extern const struct command cmd_centre_rekey_command;
extern const struct command cmd_centre_trust_command;
extern const struct command cmd_schema_check_command;
extern const struct command cmd_schema_show_command;
extern const struct command cmd_schema_apply_command;
extern const struct command cmd_add_command;
extern const struct command cmd_set_command;
extern const struct command cmd_delete_command;
extern const struct command cmd_restore_command;
extern const struct command cmd_show_command;
extern const struct command cmd_list_command;
extern const struct command cmd_conflicts_command;
extern const struct command cmd_resolve_command;
extern const struct command cmd_duplicates_command;
extern const struct command cmd_link_command;
extern const struct command cmd_unlink_command;
extern const struct command cmd_not_same_command;
extern const struct command cmd_move_ask_command;
extern const struct command cmd_move_list_command;
extern const struct command cmd_move_show_command;
extern const struct command cmd_move_accept_command;
extern const struct command cmd_move_decline_command;
extern const struct command cmd_move_withdraw_command;
extern const struct command cmd_figures_command;
extern const struct command cmd_run_command;
extern const struct command cmd_sync_command;
extern const struct command cmd_import_command;
extern const struct command cmd_export_command;
extern const struct command cmd_backup_command;
extern const struct command cmd_backup_key_command;
extern const struct command cmd_key_protect_command;
extern const struct command cmd_key_unprotect_command;
extern const struct command cmd_key_change_command;
extern const struct command cmd_status_command;
extern const struct command cmd_quarantine_list_command;
extern const struct command cmd_quarantine_show_command;
extern const struct command cmd_quarantine_accept_command;
extern const struct command cmd_quarantine_discard_command;
extern const struct command cmd_verify_command;
extern const struct command cmd_compact_command;
extern const struct command cmd_limits_command;
extern const struct command cmd_version_command;
extern const struct command cmd_help_command;

const struct command *const cmd_table[] = {
	&cmd_init_command,
	&cmd_office_invite_command,
	&cmd_office_list_command,
	&cmd_office_show_command,
	&cmd_office_retire_command,
	&cmd_office_revoke_command,
	&cmd_office_rekey_command,
	&cmd_centre_rekey_command,
	&cmd_centre_trust_command,
	&cmd_schema_check_command,
	&cmd_schema_show_command,
	&cmd_schema_apply_command,
	&cmd_add_command,
	&cmd_set_command,
	&cmd_delete_command,
	&cmd_restore_command,
	&cmd_show_command,
	&cmd_list_command,
	&cmd_conflicts_command,
	&cmd_resolve_command,
	&cmd_duplicates_command,
	&cmd_link_command,
	&cmd_unlink_command,
	&cmd_not_same_command,
	&cmd_move_ask_command,
	&cmd_move_list_command,
	&cmd_move_show_command,
	&cmd_move_accept_command,
	&cmd_move_decline_command,
	&cmd_move_withdraw_command,
	&cmd_figures_command,
	&cmd_run_command,
	&cmd_sync_command,
	&cmd_import_command,
	&cmd_export_command,
	&cmd_backup_command,
	&cmd_backup_key_command,
	&cmd_key_protect_command,
	&cmd_key_unprotect_command,
	&cmd_key_change_command,
	&cmd_status_command,
	&cmd_quarantine_list_command,
	&cmd_quarantine_show_command,
	&cmd_quarantine_accept_command,
	&cmd_quarantine_discard_command,
	&cmd_verify_command,
	&cmd_compact_command,
	&cmd_limits_command,
	&cmd_version_command,
	&cmd_help_command,
	NULL,
};
