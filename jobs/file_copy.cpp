#include "jobs/file_forms.hpp"
#include "jobs/file_transfer.hpp"

namespace belfry::jobs {

namespace {

std::string copy_files(const TransferSpec& spec, FileRun& run) {
  const auto plan = plan_transfers(spec, run);
  if (plan.transfers.empty()) return "nothing to copy: no file matches";
  Tally done;
  Sides sides(spec, plan, false);
  for (const auto& transfer : plan.transfers) {
    run.check();
    const auto& pattern = spec.from[transfer.pattern];
    if (spec.options.dry_run) {
      run.say("copy " + joined(pattern.base(), transfer.from) + " to " + joined(plan.target_base, transfer.to));
      done.add(transfer.size);
      continue;
    }
    const Folder& source = sides.source(transfer);
    done.add(copy_file(source, name_of(transfer.from), pattern.literal(), sides.target(transfer), name_of(transfer.to),
                       {.overwrite = spec.overwrite, .sync = spec.options.fsync, .sync_folder = false}, run));
  }
  if (spec.options.dry_run) return "would copy " + done.text();
  sides.finish();
  return "copied " + done.text();
}

}  // namespace

ActionForm file_copy_form() {
  return {"copy", "copies files, sharing their blocks where the file system can", transfer_parameters(),
          [](ParameterReader& reader, const ActionContext& context) {
            auto work = [spec = read_transfer(reader, context)](FileRun& run) { return copy_files(spec, run); };
            return file_action("copy", std::move(work), context);
          }};
}

}  // namespace belfry::jobs
